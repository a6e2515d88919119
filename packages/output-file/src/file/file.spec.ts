import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOutput, storedArtifact, testOutput, testPlugin } from '@falco-talon/testkit';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import plugin from '../index.ts';
import { file } from './file.ts';

const root = await mkdtemp(join(tmpdir(), 'output-file-'));
afterAll(async () => await rm(root, { recursive: true, force: true }));
const destination = join(root, 'artifacts');

async function emptyFolder(): Promise<void> {
  await rm(destination, { recursive: true, force: true });
  await mkdir(destination);
}

async function stored(): Promise<Record<string, Uint8Array>> {
  const names = await readdir(destination);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(destination, name))])),
  );
}

testPlugin(plugin, { directory: new URL('../..', import.meta.url) });
testOutput(file, { parameters: () => ({ destination }), prepare: emptyFolder, stored, hang: false });

const store = (key: string, more: Parameters<typeof storedArtifact>[1] = {}) =>
  runOutput(file, { parameters: { destination }, artifact: storedArtifact(Buffer.from('evidence'), { ...more, key }) });

/** The name `a.log` has until it is whole. */
const PARTIAL = `.${createHash('sha256').update('a.log').digest('hex').slice(0, 32)}.partial`;

/** Stores an artifact and does something else after its first bytes. */
async function storeWhile(key: string, meanwhile: () => Promise<void>) {
  const artifact = storedArtifact(Buffer.from('evidence'), { key });
  async function* open(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('evi');
    await meanwhile();
    yield Buffer.from('dence');
  }
  return await runOutput(file, { parameters: { destination }, artifact: { ...artifact, open } });
}

describe('local:file', () => {
  beforeEach(emptyFolder);

  it('tells where the artifact is, how large and with which hash', async () => {
    const { objects } = await store('a.log');
    const sha256 = createHash('sha256').update('evidence').digest('hex');
    expect(objects).toEqual({ file: 'a.log', destination, bytes: '8', sha256 });
    expect(await readFile(join(destination, 'a.log'), 'utf8')).toBe('evidence');
  });

  it.each([0, 0o777])('lets nobody else read it, from its first byte on, with umask %i', async (mask) => {
    const modes: number[] = [];
    const umask = process.umask(mask);
    try {
      await storeWhile('a.log', async () => {
        for (const name of await readdir(destination)) modes.push((await stat(join(destination, name))).mode & 0o777);
      });
    } finally {
      process.umask(umask);
    }
    modes.push((await stat(join(destination, 'a.log'))).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  it.each(['', '.', '..', '.hidden', '../a', '/etc/a', 'a/b', 'a\\b', 'a\0b', 'a\nb', '\ud800', 'é'.repeat(128)])(
    'refuses the key %j and writes nothing anywhere',
    async (key) => {
      const { error } = await store(key);
      expect(error?.code).toBe('invalid_value');
      expect(error?.retryable).toBe(false);
      expect(await readdir(destination)).toEqual([]);
      expect(await readdir(root)).toEqual(['artifacts']);
    },
  );

  it('replaces a symbolic link of the key’s name instead of writing through it', async () => {
    const outside = join(root, 'outside');
    await writeFile(outside, 'untouched');
    await symlink(outside, join(destination, 'a.log'));
    await store('a.log');
    expect(await readFile(outside, 'utf8')).toBe('untouched');
    expect(await readFile(join(destination, 'a.log'), 'utf8')).toBe('evidence');
    await rm(outside);
  });

  it('does not write through a link in place of its temporary file', async () => {
    const outside = join(root, 'outside');
    await writeFile(outside, 'untouched');
    await symlink(outside, join(destination, PARTIAL));
    expect((await store('a.log')).status).toBe('success');
    expect(await readFile(outside, 'utf8')).toBe('untouched');
    expect(await readdir(destination)).toEqual(['a.log']);
    await rm(outside);
  });

  it('accepts a destination that is a link to a folder', async () => {
    const link = join(root, 'link');
    await symlink(destination, link);
    const outcome = await runOutput(file, { parameters: { destination: link } });
    await rm(link);
    expect(outcome.status).toBe('success');
    expect(await readdir(destination)).toHaveLength(1);
  });

  it('cleans up what a crash left behind when the same key comes again', async () => {
    await writeFile(join(destination, PARTIAL), 'half of the evid');
    expect((await store('a.log')).status).toBe('success');
    expect(await readdir(destination)).toEqual(['a.log']);
  });

  it('refuses bytes that are not the captured ones, and keeps what was stored before', async () => {
    await store('a.log');
    const { error } = await store('a.log', { sha256: '0'.repeat(64) });
    expect(error?.code).toBe('rejected');
    expect(await stored()).toEqual({ 'a.log': Buffer.from('evidence') });
  });

  it('says what to do when the destination is missing or no folder', async () => {
    await writeFile(join(destination, 'plain'), '');
    for (const wrong of [join(root, 'missing'), join(destination, 'plain'), join(destination, 'plain', 'below')]) {
      const { error } = await runOutput(file, { parameters: { destination: wrong } });
      expect(error?.code).toBe('invalid_value');
      expect(error?.message).toContain(`${wrong} is not a folder; create it`);
    }
  });

  it('fails when a folder has the key’s name, and leaves it alone', async () => {
    await mkdir(join(destination, 'a.log'));
    const { error } = await store('a.log');
    expect(error?.code).toBe('conflict');
    expect(await readdir(destination)).toEqual(['a.log']);
  });

  it('can be repeated after the artifact could not be read', async () => {
    const failed = await store('a.log', { failAfter: 3 });
    expect(failed.error?.retryable).toBe(true);
    expect((await store('a.log')).status).toBe('success');
  });

  it('leaves the file of another process alone that writes the same key', async () => {
    const { error } = await storeWhile('a.log', async () => {
      await rm(join(destination, PARTIAL));
      await writeFile(join(destination, PARTIAL), 'of the other');
    });
    expect(error).toMatchObject({ code: 'conflict', retryable: true });
    expect(await stored()).toEqual({ [PARTIAL]: Buffer.from('of the other') });
  });

  it('never mixes two writers of one key', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => store('a.log', { chunkSize: 1 })));
    expect(outcomes.some(({ status }) => status === 'success')).toBe(true);
    for (const { error } of outcomes) expect([undefined, true]).toContain(error?.retryable);
    expect(await stored()).toEqual({ 'a.log': Buffer.from('evidence') });
  });
});
