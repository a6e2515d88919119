import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@falco-talon/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openNonces } from './nonces.ts';

let directory: string;
let now: number;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nonces-'));
  now = 10_000_000;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const SPAN = 1000;
const nonce = (n: number) => `nonce-of-${String(n).padStart(16, '0')}`;
const opened = (options: Partial<Parameters<typeof openNonces>[0]> = {}) =>
  openNonces({ directory, span: SPAN, capacity: 100, now: () => now, logger: silentLogger, ...options });

it('are refused rather than forgotten when too many are young, and forgotten when they are old', async () => {
  const nonces = await opened({ capacity: 2, directory: undefined });
  expect([1, 2, 3, 1].map((n) => nonces.spend(nonce(n)))).toEqual([undefined, undefined, 'crowded', 'replayed']);
  now += SPAN;
  expect(nonces.spend(nonce(3))).toBeUndefined();
});

it('are forgotten when they are old, although the clock was set back before', async () => {
  const nonces = await opened({ capacity: 3, directory: undefined });
  now += 100 * SPAN;
  nonces.spend(nonce(0));
  now -= 100 * SPAN;
  expect([1, 2, 3].map((n) => nonces.spend(nonce(n)))).toEqual([undefined, undefined, 'crowded']);
  now += SPAN;
  expect([3, 4, 0].map((n) => nonces.spend(nonce(n)))).toEqual([undefined, undefined, 'replayed']);
});

it('outlive the process as long as they count, and their files no longer', async () => {
  const first = await opened();
  first.spend(nonce(1));
  now += SPAN / 2;
  first.spend(nonce(2));
  await first.close();

  now += SPAN * 0.6;
  const second = await opened();
  expect([second.spend(nonce(1)), second.spend(nonce(2))]).toEqual([undefined, 'replayed']);
  await second.close();

  now += 5 * SPAN;
  const third = await opened();
  expect(await readdir(directory)).toEqual([]);
  expect(third.spend(nonce(2))).toBeUndefined();
  await third.close();
});

it('are moved on from file to file while the process runs', async () => {
  const nonces = await opened();
  for (let n = 0; n < 5; n++) {
    nonces.spend(nonce(n));
    now += SPAN;
  }
  await nonces.close();
  while ((await readdir(directory)).length > 2);
  now -= SPAN / 2;
  const again = await opened();
  expect([again.spend(nonce(4)), again.spend(nonce(3))]).toEqual(['replayed', undefined]);
  await again.close();
});

it('half a line and foreign lines are passed over', async () => {
  const nonces = await opened();
  nonces.spend(nonce(1));
  await nonces.close();
  const [file] = await readdir(directory);
  await appendFile(
    join(directory, file!),
    `nonsense\n__proto__\n${now + SPAN} ../../x\n${now + SPAN} ${nonce(2).slice(0, 9)}`,
  );
  const again = await opened();
  expect([again.spend(nonce(1)), again.spend(nonce(2))]).toEqual(['replayed', undefined]);
  await again.close();
});

it('that cannot be written are told once, and count while the process lives', async () => {
  const errors: string[] = [];
  const file = join(directory, 'no-directory');
  await writeFile(file, '');
  const nonces = await opened({
    directory: file,
    logger: { ...silentLogger, error: (text: string) => void errors.push(text) },
  });
  expect([nonces.spend(nonce(1)), nonces.spend(nonce(1))]).toEqual([undefined, 'replayed']);
  await nonces.close();
  expect(errors).toEqual(['nonces of signatures cannot be written: after a restart they could be used again']);
});
