import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@falco-talon/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openNonces } from './nonces.ts';

let directory: string;
let now: number;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nonces-'));
  now = 1_800_000_000_000;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Milliseconds: how long a signature of now is good, as far as clocks may differ. */
const SPAN = 1000;
const MINUTE = 60_000;
const nonce = (n: number) => `nonce-of-${String(n).padStart(16, '0')}`;
const opened = (options: Partial<Parameters<typeof openNonces>[0]> = {}) =>
  openNonces({ directory, tolerance: SPAN / 2, capacity: 100, now: () => now, logger: silentLogger, ...options });
const seconds = () => now / 1000;

it('are refused rather than forgotten when too many are young, and forgotten when they are old', async () => {
  const nonces = await opened({ capacity: 2, directory: undefined });
  expect([1, 2, 3, 1].map((n) => nonces.spend(nonce(n), seconds()))).toEqual([
    undefined,
    undefined,
    'crowded',
    'replayed',
  ]);
  now += SPAN;
  expect(nonces.spend(nonce(3), seconds())).toBeUndefined();
});

it('are forgotten when they are old, although the clock was set back before', async () => {
  const nonces = await opened({ capacity: 3, directory: undefined });
  now += 100 * SPAN;
  nonces.spend(nonce(0), seconds());
  now -= 100 * SPAN;
  expect([1, 2, 3].map((n) => nonces.spend(nonce(n), seconds()))).toEqual([undefined, undefined, 'crowded']);
  now += SPAN;
  expect([3, 4, 0].map((n) => nonces.spend(nonce(n), seconds()))).toEqual([undefined, undefined, 'replayed']);
});

it('outlive the process as long as their signatures count', async () => {
  const tolerance = 5 * MINUTE;
  const first = await opened({ tolerance });
  first.spend(nonce(1), seconds());
  now += 3 * MINUTE;
  // By a clock that is ahead.
  first.spend(nonce(2), seconds() + 240);
  await first.close(1000);

  now += 3 * MINUTE;
  const second = await opened({ tolerance });
  expect([1, 2].map((n) => second.spend(nonce(n), seconds()))).toEqual([undefined, 'replayed']);
  await second.close(1000);
});

it.each([
  ['longer', 2, 20, 15],
  ['shorter', 20, 2, 1],
])('are spent after a restart with a %s tolerance, too', async (_, before, after, pause) => {
  const signed = seconds();
  const first = await opened({ tolerance: before * MINUTE });
  first.spend(nonce(1), signed);
  await first.close(1000);
  now += pause * MINUTE;
  const second = await opened({ tolerance: after * MINUTE });
  expect(second.spend(nonce(1), signed)).toBe('replayed');
  await second.close(1000);
});

it('are moved on from file to file while the process runs; the files go after an hour', async () => {
  const nonces = await opened();
  for (let n = 0; n < 12; n++) {
    nonces.spend(nonce(n), seconds());
    now += 10 * MINUTE;
  }
  await nonces.close(1000);
  while ((await readdir(directory)).length > 7);
  now += 60 * MINUTE;
  await (await opened()).close(0);
  expect(await readdir(directory)).toEqual([]);
});

it('are not waited for longer than a stop may take', async () => {
  const nonces = await opened();
  // A disk that does not answer: nobody reads from this pipe.
  const path = join(directory, `signature-nonces-${Math.floor(now / (10 * MINUTE))}`);
  execFileSync('mkfifo', [path]);
  nonces.spend(nonce(1), seconds());
  await expect(nonces.close(10)).resolves.toBeUndefined();
  await (await open(path, 'r')).close();
});

it('half a line and foreign lines are passed over', async () => {
  const nonces = await opened();
  nonces.spend(nonce(1), seconds());
  await nonces.close(1000);
  const [file] = await readdir(directory);
  await appendFile(
    join(directory, file!),
    `nonsense\n__proto__\n${seconds()} ../../x\n${seconds()} ${nonce(2).slice(0, 9)}`,
  );
  const again = await opened();
  expect([again.spend(nonce(1), seconds()), again.spend(nonce(2), seconds())]).toEqual(['replayed', undefined]);
  await again.close(1000);
});

it('that cannot be written are told once, and count while the process lives', async () => {
  const errors: string[] = [];
  const file = join(directory, 'no-directory');
  await writeFile(file, '');
  const nonces = await opened({
    directory: file,
    logger: { ...silentLogger, error: (text: string) => void errors.push(text) },
  });
  expect([nonces.spend(nonce(1), seconds()), nonces.spend(nonce(1), seconds())]).toEqual([undefined, 'replayed']);
  await nonces.close(1000);
  expect(errors).toEqual(['nonces of signatures cannot be written: after a restart they could be used again']);
});
