import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { run } from './cli/testing-program.ts';

/** Fails like a disk that is full, or like a pipe nobody reads. */
const failing = (code: string, message: string) =>
  new Writable({ write: (_, __, done) => done(Object.assign(new Error(message), { code })) });

describe('the exit code', () => {
  it('is 1 when the output could not be written', async () => {
    const stdout = failing('ENOSPC', 'no space left on device, write');
    const { code, stderr } = await run(['version'], {}, { stdout });
    expect(code).toBe(1);
    expect(stderr).toBe('falco-talon: the output could not be written: no space left on device, write\n');
  });

  it('does not mind a reader that went away', async () => {
    const { code, stderr } = await run(['version'], {}, { stdout: failing('EPIPE', 'write EPIPE') });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('is 1 with one sentence when something unexpected happens, and a stack only for those who ask', async () => {
    const plugins = () => Promise.reject(new Error('a plugin \u001b[31m is broken'));
    const { code, stderr, stdout } = await run(['actionners', 'list'], {}, { plugins } as object);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'falco-talon: a plugin \\u{1b}[31m is broken\nThis was not expected; with FALCO_TALON_DEBUG=1 it says where it happened.\n',
    );
    const debug = await run(['actionners', 'list'], {}, { plugins, environment: { FALCO_TALON_DEBUG: '1' } } as object);
    expect(debug.stderr).toMatch(/\n {4}at .*main\.spec\.ts/);
    expect(debug.code).toBe(1);
  });
});
