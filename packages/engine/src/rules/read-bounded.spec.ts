import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBounded } from './read-bounded.ts';
import { readRuleFiles } from './read-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-bounded-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
function pipe(name: string): string {
  execFileSync('mkfifo', [at(name)]);
  return at(name);
}

describe('a file that is read as a whole', () => {
  it('comes through links, at most as long as the limit', async () => {
    await writeFile(at('file'), 'four');
    await symlink('file', at('link'));
    expect(String(await readBounded(at('link'), { limit: 4 }))).toBe('four');
    await expect(readBounded(at('link'), { limit: 3, advice: 'cut it' })).rejects.toThrow(
      'the file is larger than 3 bytes; cut it',
    );
  });

  it('is no directory', () => expect(readBounded(folder, { limit: 1 })).rejects.toMatchObject({ code: 'EISDIR' }));

  it.skipIf(process.platform === 'win32')('is no pipe nobody writes to, and no device', async () => {
    await expect(readBounded(pipe('pipe'), { limit: 9 })).rejects.toThrow('it is no ordinary file');
    await expect(readBounded('/dev/zero', { limit: 9 })).rejects.toThrow('it is no ordinary file');
    await expect(readBounded('/dev/zero', { limit: 9, pipes: true })).rejects.toThrow('larger than 9 bytes');
  });

  it.skipIf(process.platform === 'win32')(
    'of rules is no pipe in a directory, nor one of a server that runs',
    async () => {
      const named = pipe('rules.yaml');
      const { problems } = await readRuleFiles([folder]);
      expect(problems).toMatchObject([{ file: named, severity: 'error', message: 'it is no ordinary file' }]);
      const again = await readRuleFiles([named], undefined, undefined, { pipes: false });
      expect(again.problems).toMatchObject([{ file: named, severity: 'error', message: 'it is no ordinary file' }]);
    },
  );
});
