import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pod, realPrograms } from '@falco-talon/fake-kubernetes';
import { auditEvent, runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, type TestCluster } from '../../spec/cluster.ts';
import { fakeShells, runningIn } from '../../spec/local-shell.ts';
import { exec } from './exec.ts';

const POD = '/api/v1/namespaces/shop/pods';
const HOSTILE = [
  '$(touch pwned)',
  '`touch pwned`',
  "'; touch pwned; '",
  '"; touch pwned; "',
  'a\ntouch pwned\n',
  '-rf',
  '\u2010rf \u2212rf \u202Egnp.exe',
  '\ud800 half a pair',
  '../../../../etc/passwd',
  'T\nK\n',
];
let cluster: TestCluster;
let folder: string;

beforeAll(async () => {
  cluster = await startCluster({
    objects: [pod({ name: 'cart-0', namespace: 'shop', uid: 'uid-1' })],
  });
  folder = cluster.api.containerFolder('shop', 'cart-0', 'main');
});
afterAll(() => cluster.close());
beforeEach(() => {
  cluster.api.clearFaults();
  cluster.api.clearRequests();
});

function run(command: string, fields: Record<string, unknown> = {}, more = {}, parameters = {}) {
  return runActionner(exec, {
    event: alertAbout('cart-0', fields),
    parameters: { command, ...parameters },
    clients: { kubernetes: cluster.client },
    ...more,
  });
}

testActionner(exec, {
  events: () => [
    alertAbout('cart-0', { 'user.name': 'root' }),
    auditEvent({
      fields: { 'ka.target.resource': 'pods', 'ka.target.name': 'cart-0', 'ka.target.namespace': 'shop' },
    }),
  ],
  clients: () => ({ kubernetes: cluster.client }),
  prepare: () => cluster.api.clearRequests(),
  snapshot: () => cluster.api.requests.filter(({ path }) => path.endsWith('/exec')).length,
  hang: () => hanging(cluster.api),
});

describe.each(fakeShells)('with %s, a value', (shell) => {
  let remove: () => void;
  beforeAll(async () => {
    remove = cluster.api.onExec({ pod: 'cart-0' }, realPrograms({ shell }));
    await writeFile(join(folder, 'there'), 'before');
  });
  afterAll(async () => {
    remove();
    await rm(join(folder, 'there'));
  });

  it.each(HOSTILE)('%j is only a value', async (value) => {
    const outcome = await run('printf %s "$PROC_NAME"; ls -- "$PROC_NAME" >/dev/null 2>&1; exit 0', {
      'proc.name': value,
    });
    expect(outcome.error).toBeUndefined();
    expect(outcome.output).toBe(value.toWellFormed());
    expect(await readdir(folder)).toEqual(['there']);
  });

  it('of 64 KiB arrives whole', async () => {
    const value = "x'".repeat(32_768);
    const outcome = await run('test "$PROC_NAME" = "$(printf %s "$FD_NAME")" && echo ${#PROC_NAME}', {
      'proc.name': value,
      'fd.name': value,
    });
    expect(outcome.output).toBe('65536\n');
    expect(await readdir(folder)).toEqual(['there']);
  });
});

describe('the result of a command', () => {
  it('is what it printed and its exit code: one call', async () => {
    const outcome = await run('echo "$PROC_NAME in $HOME"; echo oh >&2', { 'proc.name': 'sh' });
    expect(outcome).toMatchObject({
      status: 'success',
      message: 'ran the command in pod shop/cart-0',
      objects: { pod: 'cart-0', namespace: 'shop', exit_code: '0' },
      output: `sh in ${folder}\n[stderr]\noh\n`,
      artifacts: [],
    });
    expect(cluster.calls()).toEqual([`GET ${POD}/cart-0/exec`]);
  });

  it('is a failure with any other exit code, with its last words', async () => {
    const outcome = await run('echo out; echo "no such user" >&2; exit 3');
    expect(outcome.error?.code).toBe('command_failed');
    expect(outcome.error?.retryable).toBe(false);
    expect(outcome.message).toBe('the command ended with exit code 3 in pod shop/cart-0: no such user\n[stdout]\nout');
    expect((await run('echo only this; exit 1')).message).toMatch(/exit code 1 .*: only this$/);
    expect((await run('exit 7')).message).toMatch(/exit code 7 in pod shop\/cart-0$/);
    expect((await run('if ; then')).message).toMatch(/exit code 2 .*syntax error/is);
    expect((await run('no-such-program')).message).toMatch(/exit code 127 .*no-such-program/);
  });

  it('is bounded', async () => {
    const outcome = await run(
      'head -c 300000 /dev/zero | tr "\\0" x; head -c 300000 /dev/zero | tr "\\0" y >&2; echo end >&2',
    );
    expect(outcome.message).toBe('ran the command in pod shop/cart-0, its output is cut');
    expect(outcome.output!.length).toBeLessThan(64 * 1024);
    expect(outcome.output?.replaceAll(/[xy]{9,}/g, ({ length }) => `(${length})`)).toBe(
      '(48128)\n… (cut at 48128 of 300000 bytes)\n[stderr]\n… (16380)end\n',
    );
  });

  it('says which values it could not have', async () => {
    const outcome = await run('echo "<$NUL_HERE><$LONG_ONE><$FINE>"', {
      'nul.here': 'a\0b',
      'long.one': 'x'.repeat(65_537),
      fine: 'fine',
    });
    expect(outcome.output).toBe('<><><fine>\n');
    expect(outcome.message).toMatch(/; not exported: NUL_HERE \(holds NUL\), LONG_ONE \(more than 64 KiB\)$/);
    expect((await run('exit 1', { 'nul.here': '\0' })).message).toContain('not exported: NUL_HERE');
  });

  it('does not depend on fields that are called like what shells listen to', async () => {
    const outcome = await run('echo "$HOME"; ls >/dev/null && echo ran', {
      path: '/evil',
      home: '/evil',
      ifs: 'o',
      'bash.env': '/evil',
      'ld.preload': '/evil.so',
    });
    expect(outcome.output).toBe(`${folder}\nran\n`);
    expect(outcome.message).toContain('PATH (reserved name)');
  });
});

describe('a command that does not end', () => {
  it('is ended at its time limit, with all it has started', async () => {
    const outcome = await run('echo $$; echo begun >&2; sleep 1000 & sleep 1000', {}, {}, { timeout: 3 });
    expect(outcome.error).toMatchObject({ code: 'timeout', retryable: false });
    expect(outcome.message).toMatch(
      /^the command took longer than 3 s in pod shop\/cart-0 and was ended; it said: begun\n\[stdout\]\n\d+$/,
    );
    await gone();
  });

  it('is killed when the action is aborted', async () => {
    const controller = new AbortController();
    const ran = run('trap "" TERM; : > begun; sleep 1000', {}, { signal: controller.signal });
    await expect.poll(() => readdir(folder)).toEqual(['begun']);
    await rm(join(folder, 'begun'));
    controller.abort();
    expect((await ran).error?.code).toBe('aborted');
    await gone();
  });

  it('ends with Falco Talon', async () => {
    const ran = run('trap "" TERM; : > begun; sleep 1000');
    await expect.poll(() => readdir(folder)).toEqual(['begun']);
    await rm(join(folder, 'begun'));
    cluster.api.closeConnections();
    expect((await ran).error).toMatchObject({ code: 'outcome_unknown', retryable: true });
    await gone();
  });

  /** Nothing of what was started is left. */
  const gone = async () => {
    await expect.poll(() => runningIn(folder), { timeout: 5_000 }).toEqual([]);
  };
});

describe('an API server that cannot end an input', () => {
  let old: TestCluster;
  beforeAll(async () => {
    old = await startCluster({
      objects: [pod({ name: 'cart-0', namespace: 'shop' })],
      execProtocols: ['v4.channel.k8s.io'],
    });
  });
  afterAll(() => old.close());

  it('runs commands and ends them as any other', async () => {
    const clients = { kubernetes: old.client };
    expect(await run('cat; echo "$PROC_NAME"', { 'proc.name': 'sh' }, { clients })).toMatchObject({ output: 'sh\n' });
    const outcome = await run('sleep 1000', {}, { clients }, { timeout: 1 });
    expect(outcome.message).toBe('the command took longer than 1 s in pod shop/cart-0 and was ended');
    const there = old.api.containerFolder('shop', 'cart-0', 'main');
    await expect.poll(() => runningIn(there), { timeout: 5_000 }).toEqual([]);
  });
});

it.each([
  [{ command: '' }, 'command'],
  [{ command: 'a\0b' }, 'holds NUL'],
  [{ command: 'é'.repeat(600_000) }, 'more than 1 MiB'],
  [{ command: 'true', shell: 'sh -e' }, 'shell'],
  [{ command: 'true', shell: '' }, 'shell'],
  [{ command: 'true', timeout: 0 }, 'timeout'],
  [{ command: 'true', container: '../main' }, 'container'],
])('no rule may say %j', async (parameters, problem) => {
  await expect(run('true', {}, {}, parameters)).rejects.toThrow(problem);
});
