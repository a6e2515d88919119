import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TalonError } from '@falco-talon/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isRunning, localExec, localShells } from '../../spec/local-shell.ts';
import { runRemote, type RemoteEnd, type RemoteOptions } from './run-remote.ts';

const WITH_PROGRAMS = '/usr/bin:/bin';
const pod = { namespace: 'shop', name: 'cart-0' };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remote-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  const files = await readdir(folder);
  if (files.length > 0) throw new Error(`there are files in the container now: ${files.join(', ')}`);
});

interface Ran extends RemoteEnd {
  readonly stdout: string;
  readonly stderr: string;
}

describe.each(localShells)('$name runs in a container', (shell) => {
  let group = 0;

  function start(script: RemoteOptions['script'], more: Partial<RemoteOptions> = {}, container = {}) {
    const kubernetes = localExec({ shell, folder, onStart: (pid) => void (group = pid), ...container });
    return runRemote(kubernetes, {
      pod,
      container: 'main',
      shell: '/bin/sh',
      script,
      signal: new AbortController().signal,
      ...more,
    });
  }

  async function read({ output }: ReturnType<typeof start>, onText: (text: string) => void = () => {}): Promise<Ran> {
    const texts = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    for (;;) {
      const next = await output.next();
      if (next.done) return { ...next.value, stdout: texts.stdout.toString(), stderr: texts.stderr.toString() };
      const { stream, bytes } = next.value;
      texts[stream] = Buffer.concat([texts[stream], bytes]);
      onText(texts[stream].toString());
    }
  }

  const run = (script: RemoteOptions['script'], more: Partial<RemoteOptions> = {}, container = {}) =>
    read(start(script, more, container));
  const withPrograms = { path: WITH_PROGRAMS };

  /** Nothing of what was executed is left. */
  const gone = async () => {
    await expect.poll(() => isRunning(group), { timeout: 5_000, message: 'processes are left' }).toBe(false);
  };

  it('a script with its output, errors and exit code, without any program', async () => {
    expect(await run('echo out; echo err >&2; exit 3')).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 3,
      stopped: false,
    });
    expect(await run('printf "no line feed"')).toMatchObject({ stdout: 'no line feed', stderr: '', exitCode: 0 });
    expect(await run('')).toMatchObject({ stdout: '', stderr: '', exitCode: 0 });
    await gone();
  });

  const HOSTILE = [
    '',
    ' ',
    '$(echo pwned > pwned)',
    '`echo pwned > pwned`',
    "'; echo pwned > pwned; '",
    '"; echo pwned > pwned; "',
    "'\"'\"'$1$2${1}",
    '\\',
    "\\'",
    'a\nb\n\n',
    '\n',
    "'\n'",
    'a\r\nb\r',
    '-rf',
    '--',
    '*',
    '~',
    '${PATH}',
    '$1',
    'T\nK\n',
    '\u2010rf\u2212 \u202Egnp.exe\u200b',
    '\u0001\u007f\u0080\u0081\u0088\u00ff\u001b[31m',
    'é😀',
    '\t\u000b\f',
    "'".repeat(1000),
    `${'x'.repeat(65_534)}\n\n`,
    Array.from({ length: 255 }, (_, code) => String.fromCodePoint(code + 1)).join(''),
  ];

  it('with values as they are, whatever they are', async () => {
    const environment = new Map(HOSTILE.map((value, n) => [`VALUE_${n}`, value]));
    const script = HOSTILE.map((_, n) => `printf '%s|' "$VALUE_${n}"`).join('\n');
    const { stdout, stderr } = await run(script, { environment });
    expect(stdout.split('|')).toEqual([...HOSTILE.join('|').split('|'), '']);
    expect(stderr).toBe('');
  });

  it('with values that are the environment of what it starts', async () => {
    const environment = new Map([['PROC_NAME', "$(id)\n'"]]);
    expect((await run('env', { environment }, withPrograms)).stdout).toContain("PROC_NAME=$(id)\n'\n");
  });

  it('with half a megabyte of values, and programs still start', async () => {
    const environment = new Map(Array.from({ length: 8 }, (_, n) => [`V${n}`, `${n}`.repeat(65_000)]));
    expect((await run('env; echo ${#V7}', { environment }, withPrograms)).stdout).toMatch(/65000\n$/);
  });

  it('with its own $-words as it means them', async () => {
    const script = 'false; echo "$? $# $1 $HOME $(echo sub) ${X:-default} `echo tick`"; f() { echo "$1"; }; f one';
    expect((await run(script)).stdout).toBe(`1 0  ${folder} sub default tick\none\n`);
    expect((await run('echo "$#" "$1" "$?"')).stdout).toBe('0  0\n');
  });

  it('without the rest of the script, or anything else, as its input', async () => {
    const script = 'cat; read -r line; echo "$? <$line>"\necho next';
    expect((await run(script, {}, withPrograms)).stdout).toBe('1 <>\nnext\n');
  });

  it('here-documents', async () => {
    const environment = new Map([['WHO', '$(id)']]);
    const script = "cat <<E\n$WHO $(echo ran)\nE\ncat <<'E'\n$WHO\nE";
    expect((await run(script, { environment }, withPrograms)).stdout).toBe('$(id) ran\n$WHO\n');
  });

  it('set -e, traps and exec of its own', async () => {
    expect(await run('set -e; trap "echo bye" EXIT; false; echo no')).toMatchObject({ stdout: 'bye\n', exitCode: 1 });
    expect(await run('exec sh -c "exit 9"', {}, withPrograms)).toMatchObject({ exitCode: 9 });
    expect(await run('set -u; echo "$NOT_SET"; echo no')).toMatchObject({ stdout: '' });
    expect(await run('kill -s TERM 0; echo no')).toMatchObject({ stdout: '', stderr: '', exitCode: 143 });
    await gone();
  });

  it('syntax errors as a failure with its own words', async () => {
    const ran = await run('echo before\nif ; then');
    expect(ran).toMatchObject({ stdout: 'before\n', exitCode: 2 });
    expect(ran.stderr).toMatch(/syntax error/i);
    expect(ran.stderr).not.toContain('__talon');
  });

  it('a program that is not there as 127', async () => {
    const ran = await run('echo first; no-such-program');
    expect(ran).toMatchObject({ stdout: 'first\n', exitCode: 127 });
    expect(ran.stderr).toContain('no-such-program');
  });

  it('a script of a megabyte', async () => {
    const script = `${': line\n'.repeat(20_000)}# ${'y'.repeat(880_000)}\necho done`;
    expect((await run(script)).stdout).toBe('done\n');
  });

  it('a script in another encoding, byte by byte', async () => {
    const { output } = start(Buffer.from('printf "gr\xfcn"', 'latin1'));
    const { value } = await output.next();
    expect(value).toEqual({ stream: 'stdout', bytes: Buffer.from('gr\xfcn', 'latin1') });
    expect((await output.next()).done).toBe(true);
  });

  it('what it leaves in the background, until it ends', async () => {
    const ran = await run('sleep 1000 & sleep 1000 >/dev/null 2>&1 & echo done; exit 4', {}, withPrograms);
    expect(ran).toMatchObject({ stdout: 'done\n', stderr: '', exitCode: 4, stopped: false });
    await gone();
  });

  it('on purpose what does not listen to the HUP and has another output', async () => {
    const script = "trap '' HUP; sleep 1000 >/dev/null 2>&1 & echo $!";
    const { stdout } = await run(script, {}, withPrograms);
    expect(isRunning(group)).toBe(true);
    process.kill(Number(stdout));
    await gone();
  });

  it('nothing longer than its time limit', async () => {
    const remote = start('echo begun; sleep 1000; echo no', { timeLimit: 300 }, withPrograms);
    const error = await read(remote).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'timeout',
      retryable: false,
      message: 'the command took longer than 0.3 s in container main of pod shop/cart-0 and was ended',
    });
    expect(await remote.end()).toBe(true);
    await gone();
  });

  it('a command that may clean up when it is stopped', async () => {
    const remote = start('trap "echo cleaned; exit 7" TERM; echo begun; sleep 1000 & wait', {}, withPrograms);
    const ran = await read(remote, (text) => text === 'begun\n' && remote.stop());
    expect(ran).toEqual({ stdout: 'begun\ncleaned\n', stderr: '', exitCode: 7, stopped: true });
    expect(await remote.end()).toBe(true);
    await gone();
  });

  it('a command that does not listen until it is killed', async () => {
    const remote = start('trap "" HUP INT TERM; echo begun; sleep 1000', { grace: 100 }, withPrograms);
    const ran = await read(remote, (text) => text === 'begun\n' && remote.stop());
    expect(ran).toEqual({ stdout: 'begun\n', stderr: '', exitCode: 137, stopped: true });
    await gone();
  });

  it('no command that is aborted', async () => {
    const controller = new AbortController();
    const remote = start('trap "" TERM; echo begun; sleep 1000', { signal: controller.signal }, withPrograms);
    const reason = new TalonError('aborted', 'stopping');
    const reading = read(remote, () => controller.abort(reason));
    await expect(reading).rejects.toBe(reason);
    expect(await remote.end()).toBe(true);
    await gone();
  });

  it('no command nobody reads any more', async () => {
    const remote = start('while :; do echo more; done');
    for await (const { stream } of remote.output) {
      expect(stream).toBe('stdout');
      break;
    }
    expect(await remote.end()).toBe(true);
    await gone();
  });

  it('no command its reader gives up, waiting for it', async () => {
    const remote = start('echo begun; sleep 1000', {}, withPrograms);
    expect((await remote.output.next()).done).toBe(false);
    const next = remote.output.next();
    expect(await remote.end()).toBe(true);
    expect(await next).toMatchObject({ done: true, value: { exitCode: 137, stopped: true } });
    await gone();
  });

  it('nothing before somebody reads it', async () => {
    group = 0;
    expect(await start('echo begun').end()).toBe(true);
    expect(group).toBe(0);
  });

  it('no command whose connection is gone', async () => {
    const kubernetes = localExec({ shell, folder, path: WITH_PROGRAMS, onStart: (pid) => void (group = pid) });
    const connection = new AbortController();
    const remote = runRemote(
      { exec: (name, options) => kubernetes.exec(name, { ...options, signal: connection.signal }) },
      { pod, shell: 'sh', script: 'trap "" TERM; echo begun; sleep 1000', signal: new AbortController().signal },
    );
    const lost = new TalonError('outcome_unknown', 'the connection broke', { retryable: true });
    await expect(read(remote, () => connection.abort(lost))).rejects.toBe(lost);
    expect(await remote.end()).toBe(false);
    await gone();
  });
});
