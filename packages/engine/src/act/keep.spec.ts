import { TalonError, type Actionner } from '@falco-talon/core';
import { falcoEvent } from '@falco-talon/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { specStep, STEP } from './testing-step.ts';

const done = { status: 'success', message: 'done' } as const;
const busy = () => new TalonError('conflict', 'changed', { retryable: true, retryAfter: 10 });
const output = { target: 'spec:store', parameters: {} };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function outcomeOf(given: Omit<Parameters<typeof specStep>[0], 'event'>) {
  const { outcome, seen } = specStep({ event: falcoEvent(), ...given });
  outcome.catch(() => {});
  await vi.runAllTimersAsync();
  return { ...(await outcome), seen };
}

describe('keep', () => {
  const body = async function* (text: string) {
    yield Buffer.from(text);
  };
  const artifact = (name: string) => ({ name, mediaType: 'text/plain' });

  it('is refused without an output', async () => {
    const { error } = await outcomeOf({
      actionner: { run: async ({ keep }) => (await keep(artifact('a'), body('x')), done) },
    });
    expect(error).toMatchObject({
      code: 'plugin_failed',
      message: 'spec:act kept an artifact although the action has no output',
    });
  });

  it('numbers artifacts in the order they were begun, also at the same time', async () => {
    const { artifacts } = await outcomeOf({
      step: { output },
      actionner: {
        run: async ({ keep }) => {
          await Promise.all([keep(artifact('a'), body('aaa')), keep(artifact('b'), body('b'))]);
          return done;
        },
      },
    });
    expect(artifacts.map(({ name, file, bytes }) => [name, file, bytes])).toEqual([
      ['a', `${STEP.id}#0`, 3],
      ['b', `${STEP.id}#1`, 1],
    ]);
  });

  it('loses no evidence when the action fails afterwards', async () => {
    const { status, artifacts } = await outcomeOf({
      step: { output },
      actionner: {
        run: async ({ keep }) => {
          await keep(artifact('capture'), body('x'));
          throw new Error('could not clean up');
        },
      },
    });
    expect(status).toBe('failure');
    expect(artifacts).toMatchObject([{ name: 'capture' }]);
  });

  it('a repeat replaces the artifact of the first attempt', async () => {
    let attempt = 0;
    const { artifacts } = await outcomeOf({
      step: { output },
      actionner: {
        run: async ({ keep }) => {
          await keep(artifact(`attempt-${++attempt}`), body('x'));
          if (attempt === 1) throw busy();
          return done;
        },
      },
    });
    expect(artifacts).toMatchObject([{ name: 'attempt-2', file: `${STEP.id}#0` }]);
  });

  const spooled = (name: string) => ({
    ...artifact(name),
    file: `${STEP.id}#0`,
    bytes: 1,
    sha256: 'h',
    truncated: false,
    keptAt: 0,
  });
  const crashed = { step: { output }, kept: new Map([[0, spooled('before')]]), intent: { facts: {} } };
  const fresh = async ({ keep }: Parameters<Actionner['run']>[0]) => (await keep(artifact('anew'), body('x')), done);

  it('is noted as soon as the bytes are safe', async () => {
    const { seen } = await outcomeOf({ step: { output }, actionner: { run: fresh } });
    expect(seen).toEqual(['started', 'kept 0 anew']);
  });

  it('of before a crash is the result of an action that is found to be done', async () => {
    const run = vi.fn<Actionner['run']>(fresh);
    const actionner = { idempotent: false, output: 'required', settled: async () => 'done' as const, run } as const;
    expect(await outcomeOf({ ...crashed, actionner })).toMatchObject({
      status: 'success',
      artifacts: [{ name: 'before' }],
    });
    expect(run).not.toHaveBeenCalled();
  });

  it('that a crash interrupted is made anew, although the action is found to be done', async () => {
    const actionner = {
      idempotent: false,
      output: 'required',
      settled: async () => 'done' as const,
      run: fresh,
    } as const;
    const { artifacts } = await outcomeOf({ ...crashed, kept: new Map(), actionner });
    expect(artifacts).toMatchObject([{ name: 'anew' }]);
  });

  it('of before a crash stands beside that of a repeat, also when the repeat fails or is forbidden', async () => {
    const again = { idempotent: false, settled: async () => 'again' as const };
    expect(await outcomeOf({ ...crashed, actionner: { ...again, run: fresh } })).toMatchObject({
      artifacts: [{ name: 'before' }, { name: 'anew', file: `${STEP.id}#1` }],
    });
    const run = () => Promise.reject(new TalonError('target_gone', 'gone'));
    expect(await outcomeOf({ ...crashed, actionner: { ...again, run } })).toMatchObject({
      status: 'failure',
      artifacts: [{ name: 'before' }],
    });
    const stopped = { ...crashed, step: { output, dryRun: true } };
    expect(await outcomeOf({ ...stopped, actionner: { ...again, run } })).toMatchObject({
      status: 'dry_run',
      artifacts: [{ name: 'before' }],
    });
  });
});
