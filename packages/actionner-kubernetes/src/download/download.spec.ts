import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerId, pod, realPrograms, type ExecHandler } from '@falco-talon/fake-kubernetes';
import { runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, type TestCluster } from '../../spec/cluster.ts';
import { fakeShells, runningIn } from '../../spec/local-shell.ts';
import { download } from './download.ts';

const POD = '/api/v1/namespaces/shop/pods';
/** Every byte, and more than a frame. */
const BINARY = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) % 256));
let cluster: TestCluster;
let folder: string;
const removals: (() => void)[] = [];

beforeAll(async () => {
  cluster = await startCluster({ objects: [pod({ name: 'cart-0', namespace: 'shop', uid: 'uid-1' })] });
  folder = cluster.api.containerFolder('shop', 'cart-0', 'main');
});
afterAll(() => cluster.close());
beforeEach(() => {
  cluster.api.clearFaults();
  cluster.api.clearRequests();
});
afterEach(async () => {
  for (const remove of removals.splice(0)) remove();
  for (const entry of await readdir(folder)) await rm(join(folder, entry), { recursive: true });
});

function run(file: string, fields: Record<string, unknown> = {}, more = {}, parameters = {}) {
  return runActionner(download, {
    event: alertAbout('cart-0', fields),
    parameters: { file, ...parameters },
    clients: { kubernetes: cluster.client },
    ...more,
  });
}

function onExec(handler: ExecHandler): void {
  removals.push(cluster.api.onExec({}, handler));
}

testActionner(download, {
  events: () => [alertAbout('cart-0', { 'fd.name': 'a file' })],
  clients: () => ({ kubernetes: cluster.client }),
  prepare: async () => {
    await writeFile(join(folder, 'a file'), 'content');
    cluster.api.clearRequests();
  },
  snapshot: () => cluster.api.requests.filter(({ path }) => path.endsWith('/exec')).length,
  hang: () => hanging(cluster.api),
});

describe.each(fakeShells)('with %s, a file', (shell) => {
  beforeEach(() => onExec(realPrograms({ shell })));

  it.each([
    'plain',
    '-rf',
    '-',
    '--',
    '$(touch pwned)',
    '`touch pwned`',
    "'; touch pwned; '",
    '"; touch pwned; "',
    'a\ntouch pwned\n',
    ' ',
    '*',
    '~',
    '${PATH}',
    '\\',
    '\u202Egnp.exe\u200b',
    '\u2010rf',
    'x'.repeat(255),
    `${`${'x'.repeat(250)}/`.repeat(15)}f`,
  ])('called %j is kept byte by byte: one call', async (name) => {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), BINARY);
    const before = await readdir(folder);
    const outcome = await run('${FD_NAME}', { 'fd.name': name });
    expect(outcome.error).toBeUndefined();
    expect(outcome.artifacts).toHaveLength(1);
    const [artifact] = outcome.artifacts;
    expect(artifact).toMatchObject({ bytes: 300_000, truncated: false, mediaType: 'application/octet-stream' });
    expect(Buffer.from(artifact!.body).equals(BINARY)).toBe(true);
    expect(artifact!.name).toMatch(/^[^/\p{C}\p{Z}]{1,64}$/u);
    expect(outcome.objects).toEqual({ pod: 'cart-0', namespace: 'shop', file: name });
    expect(outcome.message).toMatch(/^kept 300000 bytes of the file "[ -~]+" of pod shop\/cart-0$/);
    expect(await readdir(folder)).toEqual(before);
    expect(cluster.calls()).toEqual([`GET ${POD}/cart-0/exec`]);
  });

  it('may be empty, a link, or one without a size', async () => {
    await writeFile(join(folder, 'empty'), '');
    await symlink('empty', join(folder, 'link'));
    for (const name of ['empty', 'link']) {
      expect((await run(name)).artifacts).toMatchObject([{ name, bytes: 0, truncated: false }]);
    }
    const outcome = await run('/proc/self/status');
    expect(outcome.artifacts[0]?.name).toBe('proc_self_status');
    expect(Buffer.from(outcome.artifacts[0]!.body).toString()).toContain('Name:\t');
  });

  it('that is none is refused at once', async () => {
    await mkdir(join(folder, 'folder'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await symlink('/dev/zero', join(folder, 'zero'));
    for (const [name, why] of [
      ['folder', 'is a directory'],
      ['pipe', 'is neither a file nor a link to one'],
      ['zero', 'is neither a file nor a link to one'],
      ['/dev/zero', 'is neither a file nor a link to one'],
    ] as const) {
      const outcome = await run(name);
      expect(outcome.error).toMatchObject({ code: 'invalid_value', retryable: false });
      expect(outcome.message).toContain(`cannot read the file "${name}" of pod shop/cart-0: `);
      expect(outcome.message).toContain(why);
      expect(outcome.artifacts).toEqual([]);
    }
  });

  it('that is missing or cannot be read is a failure in the words of the container', async () => {
    const missing = await run('nope');
    expect(missing.error).toMatchObject({ code: 'command_failed', retryable: false });
    expect(missing.message).toMatch(
      /^cannot read the file "nope" of pod shop\/cart-0 \(exit code 1\): .*no such file/is,
    );
    expect(missing.artifacts).toEqual([]);
    const unreadable = await run('/proc/self/mem');
    expect(unreadable.message).toMatch(/exit code 1\): .*input\/output error/is);
    expect((await run('x'.repeat(256))).message).toMatch(/file name too long/i);
  });

  it('that is too long is cut, and its reader ended', async () => {
    execFileSync('truncate', ['-s', '10G', join(folder, 'sparse')]);
    const outcome = await run('sparse', {}, { artifactLimit: 100_000 });
    expect(outcome.message).toBe('kept 100000 bytes of the file "sparse" of pod shop/cart-0, cut at the size limit');
    expect(outcome.artifacts).toMatchObject([{ bytes: 100_000, truncated: true }]);
    await expect.poll(() => runningIn(folder), { timeout: 5_000 }).toEqual([]);
  });
});

describe('a file that cannot be read to its end', () => {
  it('is kept as far as it came, marked as truncated; the action fails', async () => {
    onExec(({ stdout, stderr }) => {
      stdout.write('half of ');
      stderr.write('cat: disk: Input/output error\n');
      return 1;
    });
    const outcome = await run('disk');
    expect(outcome.error).toMatchObject({ code: 'command_failed', retryable: false });
    expect(outcome.message).toBe(
      'cannot read the file "disk" of pod shop/cart-0 (exit code 1): cat: disk: Input/output error; the first 8 bytes are kept, marked as truncated',
    );
    expect(outcome.artifacts).toMatchObject([{ name: 'disk', bytes: 8, truncated: true }]);
  });

  it('because the connection breaks is the same', async () => {
    onExec(async ({ stdout, stdin }) => {
      stdout.write('half of ');
      stdin.resume();
      await new Promise((resolve) => stdin.once('end', resolve));
      return 0;
    });
    const { client } = cluster;
    const exec: typeof client.exec = async function* (...call) {
      const source = client.exec(...call);
      for (let next = await source.next(); ; next = await source.next()) {
        if (next.done) return next.value;
        yield next.value;
        cluster.api.closeConnections();
      }
    };
    const outcome = await run('disk', {}, { clients: { kubernetes: { ...client, exec } } });
    expect(outcome.error?.code).toBe('outcome_unknown');
    expect(outcome.artifacts).toMatchObject([{ bytes: 8, truncated: true }]);
  });

  it('because it takes too long is the same, and its reader is told to end', async () => {
    const heard: string[] = [];
    onExec(async ({ stdout, stdin }) => {
      stdout.write('half of ');
      for await (const line of stdin) {
        heard.push(String(line).slice(-2));
        if (heard.at(-1) === 'T\n') break;
      }
      return 143;
    });
    const outcome = await run('endless', {}, {}, { timeout: 2 });
    expect(outcome.error?.code).toBe('timeout');
    expect(outcome.message).toBe(
      'the command took longer than 2 s in pod shop/cart-0 and was ended; the first 8 bytes are kept, marked as truncated',
    );
    expect(outcome.artifacts).toMatchObject([{ bytes: 8, truncated: true }]);
    expect(heard.at(-1)).toBe('T\n');
  });
});

describe('a container', () => {
  it.each(['dd', 'tail'])('without cat is read with its %s', async (program) => {
    onExec(realPrograms({ shell: 'dash', programs: [program] }));
    await writeFile(join(folder, '-n'), BINARY);
    const outcome = await run('-n');
    expect(outcome.error).toBeUndefined();
    expect(Buffer.from(outcome.artifacts[0]!.body).equals(BINARY)).toBe(true);
    expect(cluster.calls()).toHaveLength(1);
  });

  it('with a shell and nothing that reads files cannot be read', async () => {
    onExec(realPrograms({ shell: 'dash', programs: [] }));
    cluster.api.create(pod({ name: 'bare-0', namespace: 'shop' }));
    const outcome = await run('/etc/hosts', {}, { event: alertAbout('bare-0') });
    expect(outcome.error).toMatchObject({ code: 'unsupported', retryable: false });
    expect(outcome.message).toContain('none of the programs cat, dd and tail');
  });

  it.each(['there', '-rf', '-', '$(touch pwned)'])('without a shell is read with its cat: %s', async (name) => {
    onExec(realPrograms({ shell: 'none', programs: ['cat'] }));
    await writeFile(join(folder, name), BINARY);
    const outcome = await run(name);
    expect(outcome.error).toBeUndefined();
    expect(Buffer.from(outcome.artifacts[0]!.body).equals(BINARY)).toBe(true);
    expect(await readdir(folder)).toEqual([name]);
    expect(cluster.calls()).toHaveLength(2);
    expect((await run('nope')).message).toMatch(/exit code 1\): .*no such file/is);
    expect((await run(name, {}, { artifactLimit: 5 })).artifacts).toMatchObject([{ bytes: 5, truncated: true }]);
  });

  it('with neither names both', async () => {
    onExec(realPrograms({ shell: 'none', programs: [] }));
    const outcome = await run('/etc/hosts', {}, {}, { container: 'main' });
    expect(outcome.error).toMatchObject({ code: 'unsupported', retryable: false });
    expect(outcome.message).toBe(
      'container main of pod shop/cart-0 has neither a shell (/bin/sh) nor the program cat, so no file can be read from it',
    );
  });

  it('is the one the alert is about: two calls', async () => {
    await writeFile(join(folder, 'there'), 'x');
    const id = containerId('shop', 'cart-0', 'main').replace('containerd://', '').slice(0, 12);
    const outcome = await run('there', { 'container.id': id });
    expect(outcome.message).toBe('kept 1 bytes of the file "there" of container main of pod shop/cart-0');
    expect(outcome.objects).toMatchObject({ container: 'main' });
    expect(cluster.calls()).toEqual([`GET ${POD}/cart-0`, `GET ${POD}/cart-0/exec`]);
  });
});

describe('a path', () => {
  it.each([
    ['${FD_NAME}', {}, 'unknown_token'],
    ['${HOME}', {}, 'unknown_token'],
    ['${FD_NAME}', { 'fd.name': '' }, 'invalid_value'],
    ['${FD_NAME}', { 'fd.name': 'a\0b' }, 'invalid_value'],
    ['/${FD_NAME}', { 'fd.name': 'é'.repeat(2_048) }, 'invalid_value'],
  ])('%s with %j asks the container nothing', async (file, fields, code) => {
    expect((await run(file, fields)).error?.code).toBe(code);
    expect(cluster.calls()).toEqual([]);
  });

  it('may be put together from values, none of which is looked at again', async () => {
    await mkdir(join(folder, 'a b'));
    await writeFile(join(folder, 'a b', '${PROC_NAME}'), 'x');
    const outcome = await run('${FD_DIRECTORY}/${FD_FILENAME}', {
      'fd.directory': 'a b',
      'fd.filename': '${PROC_NAME}',
    });
    expect(outcome.artifacts).toMatchObject([{ name: 'a_b_${PROC_NAME}', bytes: 1 }]);
  });

  it('is shown in a dry run as the rule has it', async () => {
    const outcome = await run('${FD_NAME}', { 'fd.name': '/x' }, { dryRun: true });
    expect(outcome.message).toBe('would keep the file "${FD_NAME}" of pod shop/cart-0');
    expect(cluster.calls()).toEqual([`GET ${POD}/cart-0`]);
  });

  it.each([{ file: '' }, { file: 'a\0b' }, { file: '/x', container: 'A' }])('may not be %j', async (parameters) => {
    await expect(run('/x', {}, {}, parameters)).rejects.toThrow(/file|container/);
  });
});
