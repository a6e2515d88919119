import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRuleFiles } from './read-files.ts';
import { YAML_SIZE_LIMIT } from './yaml-document.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rules-'));
});
afterEach(async () => rm(folder, { recursive: true }));

async function write(name: string, content: string | Uint8Array = name): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}
const messages = (problems: readonly { file: string; severity: string; message: string }[]) =>
  problems.map(({ file, severity, message }) => `${file.slice(folder.length + 1)} ${severity}: ${message}`);

describe('reading rules files', () => {
  it('keeps the order given', async () => {
    const paths = [await write('b.yaml'), await write('a.yaml')];
    const { files, problems } = await readRuleFiles(paths);
    expect(files).toEqual([
      { path: paths[0], text: 'b.yaml' },
      { path: paths[1], text: 'a.yaml' },
    ]);
    expect(problems).toEqual([]);
  });

  it('takes a directory for its *.yaml and *.yml in name order', async () => {
    for (const name of [
      'b.yml',
      'a.yaml',
      'Z.yaml',
      '10.yaml',
      '9.yaml',
      'c.json',
      'd.yaml.bak',
      '.hidden.yaml',
      '.#a.yaml',
    ]) {
      await write(name);
    }
    await mkdir(join(folder, 'folder.yaml'));
    const { files, problems } = await readRuleFiles([folder]);
    expect(files.map(({ text }) => text)).toEqual(['10.yaml', '9.yaml', 'Z.yaml', 'a.yaml', 'b.yml']);
    expect(problems).toEqual([]);
  });

  it("follows the links of a ConfigMap's directory", async () => {
    await mkdir(join(folder, '..2026_01'));
    await write('..2026_01/rules.yaml', 'content');
    await symlink('..2026_01', join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await symlink(join('..data', 'rules.yaml'), join(folder, 'rules.yaml'));
    expect((await readRuleFiles([folder])).files.map(({ text }) => text)).toEqual(['content']);
  });

  it('takes a file named itself, whatever it is called', async () => {
    expect((await readRuleFiles([await write('.rules')])).files).toHaveLength(1);
  });

  it('reads a pipe', async () => {
    const path = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [path]);
    const [{ files }] = await Promise.all([readRuleFiles([path]), writeFile(path, 'through a pipe')]);
    expect(files[0]?.text).toBe('through a pipe');
  });

  it('drops a byte order mark', async () => {
    expect((await readRuleFiles([await write('a.yaml', '\uFEFF- a')])).files[0]?.text).toBe('- a');
  });

  it('reports everything that cannot be read, and reads the rest', async () => {
    await symlink('nowhere', join(folder, 'dangling.yaml'));
    await write('latin.yaml', Uint8Array.of(0x61, 0xe9, 0x62));
    await write('huge.yaml', Buffer.alloc(YAML_SIZE_LIMIT + 1, '#'));
    await write('utf16.yaml', Buffer.from('\uFEFF- a', 'utf16le'));
    await mkdir(join(folder, 'empty'));
    const { files, problems } = await readRuleFiles([
      join(folder, 'missing.yaml'),
      folder,
      join(folder, 'empty'),
      await write('good.yaml'),
    ]);
    expect(messages(problems)).toEqual([
      'missing.yaml error: there is no such file or directory; name another one with -r or rules_files',
      'dangling.yaml error: there is no such file or directory; name another one with -r or rules_files',
      'huge.yaml error: the file is larger than 4 MiB; split it',
      'latin.yaml error: the file is not UTF-8 text',
      'utf16.yaml error: the file is not UTF-8 text',
      'empty warning: this directory holds no *.yaml or *.yml',
    ]);
    expect(problems[0]).toMatchObject({ line: 0, column: 0, path: '' });
    expect(files.map(({ text }) => text)).toEqual(['good.yaml', 'good.yaml']);
  });

  it('stops reading an endless file at the limit', async () => {
    const { problems } = await readRuleFiles(['/dev/zero']);
    expect(problems[0]?.message).toBe('the file is larger than 4 MiB; split it');
  });
});
