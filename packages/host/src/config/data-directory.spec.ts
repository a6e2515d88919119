import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { dataDirectory } from './data-directory.ts';

const home = mkdtempSync(join(tmpdir(), 'talon-data-'));
afterAll(() => rmSync(home, { recursive: true }));

it('creates the configured directory for its owner only', () => {
  const path = dataDirectory(join(home, 'a', 'b'), {}, home);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

it('says why a configured directory cannot be used', () => {
  writeFileSync(join(home, 'file'), '');
  expect(() => dataDirectory(join(home, 'file', 'x'), {}, home)).toThrow(/^data_directory: .* cannot be used/);
});

it('gives up where nothing can be created', () => {
  expect(() => dataDirectory('/proc/falco-talon/data', {}, home)).toThrow(/^data_directory: .* cannot be used/);
});

it('falls back to the state directory of the user', () => {
  // The system's own directory can be written only by some users: a file in its place stands for the others.
  const system = join(home, 'file');
  expect(dataDirectory('', { XDG_STATE_HOME: join(home, 'state') }, home, system)).toBe(
    join(home, 'state', 'falco-talon'),
  );
  expect(dataDirectory('', {}, home, system)).toBe(join(home, '.local', 'state', 'falco-talon'));
  expect(dataDirectory('', {}, home, join(home, 'system'))).toBe(join(home, 'system'));
});
