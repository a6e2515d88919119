import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONFIG, served } from './testing-served.ts';

it('what every user of the machine can read or change is told at the start, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'exposed-'));
  const files = Object.entries({ open: 0o644, shared: 0o662, closed: 0o640, own: 0o600 });
  for (const [name, mode] of files) {
    await writeFile(join(folder, name), `a-token-of-the-file-${name}`);
    await chmod(join(folder, name), mode);
  }
  await chmod(folder, 0o777);
  const tokens = files.map(([name]) => join(folder, name)).join(', ');
  const config = `${CONFIG.replace('data\n', `${folder}\n`)}intake: {auth: {token_files: [${tokens}]}}\n`;
  const { signals, ran, lines, line } = served([], { 'config.yaml': config });
  await line({ message: 'server started' });
  signals.emit('SIGTERM');
  expect(await ran).toMatchObject({ code: 0 });
  const told = lines().filter(({ message }) => String(message).startsWith('every user of this machine'));
  expect(told.map(({ level, path, others_can }) => [level, path, others_can])).toEqual([
    ['warn', folder, undefined],
    ['warn', join(folder, 'open'), 'read'],
    ['warn', join(folder, 'shared'), 'change'],
  ]);
  await rm(folder, { recursive: true });
});
