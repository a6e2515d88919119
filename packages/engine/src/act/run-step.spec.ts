import { getEventListeners } from 'node:events';
import { isTalonError, TalonError, type Actionner, type ErrorCode } from '@falco-talon/core';
import { falcoEvent } from '@falco-talon/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_LIMITS } from '../lifecycle/engine.ts';
import { createSlots } from './slots.ts';
import { specStep } from './testing-step.ts';

const event = falcoEvent();
const busy = () => new TalonError('throttled', 'busy', { retryable: true, retryAfter: 1000 });
const done = { status: 'success', message: 'done' } as const;
const never = () => new Promise<never>(() => {});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Runs all timers there are until the step has ended. */
async function end<T>(outcome: Promise<T>): Promise<T> {
  outcome.catch(() => {});
  await vi.runAllTimersAsync();
  return await outcome;
}

describe('what a plugin does wrong is a failure of its step', () => {
  class Unreadable extends Error {
    override get message(): string {
      throw new Error('no message');
    }
  }
  const impostor = Object.defineProperty(new TalonError('conflict', 'x', { retryable: true }), 'message', {
    get: () => {
      throw new Error('no message');
    },
  });
  const frozen = Object.freeze(new TalonError('throttled', 'frozen', { retryable: true, retryAfter: 0 }));
  const strange = Object.assign(new TalonError('conflict', 'strange'), { code: 'toString', retryable: true });
  const thrown: Readonly<Record<string, unknown>> = {
    'an error': new Error('broken'),
    'a text': 'text',
    nothing: undefined,
    null: null,
    'a symbol': Symbol('s'),
    'an object without a prototype': Object.create(null),
    'an error whose message throws': new Unreadable(),
    'an error of ours whose message throws': impostor,
    'a frozen error': frozen,
    'an error with a code nobody knows': strange,
  };

  it.each(Object.keys(thrown))('rejecting with %s', async (name) => {
    const { outcome } = specStep({ event, actionner: { run: () => Promise.reject(thrown[name] as Error) } });
    const { status, error } = await end(outcome);
    expect(status).toBe('failure');
    expect(isTalonError(error)).toBe(true);
    expect(error?.message).toBeTypeOf('string');
  });

  it.each<'target' | 'check' | 'run' | 'timeLimit' | 'preview'>(['target', 'check', 'run', 'timeLimit', 'preview'])(
    'throwing at once in %s',
    async (method) => {
      const { outcome } = specStep({
        event,
        actionner: {
          [method]: () => {
            throw new Error('sync');
          },
        },
        step: { dryRun: method === 'preview' },
      });
      const { status, error } = await end(outcome);
      // A limit nobody can tell is the default one.
      expect([status, error?.message]).toEqual(method === 'timeLimit' ? ['success', undefined] : ['failure', 'sync']);
    },
  );

  it.each([undefined, null, 5, {}, { status: 'fine', message: 'x' }, { message: 'x' }])(
    'resolving with %j',
    async (result) => {
      const { outcome } = specStep({ event, actionner: { run: async () => result as never } });
      await expect(end(outcome)).resolves.toMatchObject({
        status: 'failure',
        error: { code: 'plugin_failed' },
        objects: { pod: 'cart' },
      });
    },
  );

  it('never settling: ended by its limit, with the slot free again', async () => {
    const slots = createSlots(1);
    const { outcome } = specStep({
      event,
      actionner: { run: never, timeLimit: () => 3000 },
      deps: { slots, attempts: 1 },
    });
    await expect(end(outcome)).resolves.toMatchObject({
      status: 'failure',
      error: { code: 'timeout', message: 'action spec:act took longer than its limit of 3 s' },
    });
    const release = await slots.take({ severity: 0, age: 1 }, new AbortController().signal);
    release();
  });
});

describe('time limit', () => {
  it('is 30 s by default, and the plugin is told', async () => {
    let signal: AbortSignal | undefined;
    const { outcome } = specStep({
      event,
      actionner: { run: (context) => ((signal = context.signal), never()) },
      deps: { attempts: 1 },
    });
    await vi.advanceTimersByTimeAsync(29_999);
    expect(signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signal?.aborted).toBe(true);
    await expect(outcome).resolves.toMatchObject({ error: { code: 'timeout' } });
  });

  it.each([NaN, -5, 0, '7000'])('an announcement of %s is not believed', async (limit) => {
    const { outcome } = specStep({
      event,
      actionner: { run: never, timeLimit: () => limit as number },
      deps: { attempts: 1 },
    });
    await expect(end(outcome)).resolves.toMatchObject({ error: { message: expect.stringContaining('30 s') } });
  });

  it('an attempt left behind in its check never comes to act', async () => {
    const checks = [Promise.withResolvers<{ facts: object }>(), Promise.withResolvers<{ facts: object }>()];
    let asked = 0;
    let ran = 0;
    const { outcome, seen } = specStep({
      event,
      actionner: {
        idempotent: false,
        check: () => checks[asked++]!.promise as Promise<{ facts: Record<string, never> }>,
        run: async () => (ran++, done),
      },
      deps: { attempts: 2 },
    });
    await vi.advanceTimersByTimeAsync(31_000);
    expect(asked).toBe(2);
    checks[0]!.resolve({ facts: {} });
    await vi.advanceTimersByTimeAsync(0);
    expect([ran, seen]).toEqual([0, ['started']]);
    checks[1]!.resolve({ facts: {} });
    await expect(end(outcome)).resolves.toMatchObject({ status: 'success' });
    expect([ran, seen]).toEqual([1, ['started', 'intent {}']]);
  });
});

describe('retry', () => {
  it('repeats what may pass, and says how often it tried when it gives up', async () => {
    const run = vi.fn<Actionner['run']>(() => Promise.reject(busy()));
    const { outcome, seen } = specStep({ event, actionner: { run }, deps: { attempts: 3 } });
    await vi.advanceTimersByTimeAsync(999);
    expect(run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1001);
    expect(run).toHaveBeenCalledTimes(3);
    await expect(outcome).resolves.toMatchObject({
      status: 'failure',
      error: { code: 'throttled', message: 'busy (after 3 attempts)' },
    });
    expect(seen).toEqual(['started']);
  });

  it('outlasts an API server that is away for a minute', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.25);
    const down = new TalonError('unavailable', 'ECONNREFUSED', { retryable: true });
    const since = Date.now();
    const run = vi.fn<Actionner['run']>(async () => {
      if (Date.now() - since < 60_000) throw down;
      return done;
    });
    const { outcome } = specStep({ event, actionner: { run }, deps: { attempts: DEFAULT_LIMITS.stepAttempts } });
    await expect(end(outcome)).resolves.toMatchObject({ status: 'success' });
    random.mockRestore();
  });

  it.each<[ErrorCode, number]>([
    ['conflict', 5],
    ['timeout', 5],
    ['unavailable', 15],
    ['outcome_unknown', 15],
  ])('gives up after a %s at attempt %i', async (code, attempts) => {
    const run = vi.fn<Actionner['run']>(() => Promise.reject(new TalonError(code, 'no', { retryable: true })));
    const { outcome } = specStep({ event, actionner: { run }, deps: { attempts: 15 } });
    await expect(end(outcome)).resolves.toMatchObject({ error: { message: `no (after ${attempts} attempts)` } });
    expect(run).toHaveBeenCalledTimes(attempts);
  });

  it('gives up after five answers that were lost after long', async () => {
    const run = vi.fn<Actionner['run']>(async () => {
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      throw new TalonError('outcome_unknown', 'no', { retryable: true });
    });
    const { outcome } = specStep({ event, actionner: { run }, deps: { attempts: 15 } });
    await expect(end(outcome)).resolves.toMatchObject({ error: { message: 'no (after 5 attempts)' } });
  });

  it('does not repeat what will not pass', async () => {
    const run = vi.fn<Actionner['run']>(() => Promise.reject(new TalonError('forbidden', 'no')));
    await expect(end(specStep({ event, actionner: { run } }).outcome)).resolves.toMatchObject({
      error: { message: 'no' },
    });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('backoff holds no slot', async () => {
    const slots = createSlots(1);
    const run = vi.fn<Actionner['run']>().mockRejectedValueOnce(busy()).mockResolvedValue(done);
    const { outcome } = specStep({ event, actionner: { run }, deps: { slots } });
    await vi.advanceTimersByTimeAsync(500);
    const { signal } = new AbortController();
    const release = await slots.take({ severity: 0, age: 5 }, signal);
    await vi.advanceTimersByTimeAsync(1000);
    expect(run).toHaveBeenCalledTimes(1);
    release();
    await expect(end(outcome)).resolves.toMatchObject({ status: 'success' });
  });

  it('does not repeat a capture that took too long', async () => {
    const run = vi.fn<Actionner['run']>(never);
    await end(specStep({ event, actionner: { run, timeLimit: () => 30_000 } }).outcome);
    expect(run).toHaveBeenCalledTimes(1);
  });
});

describe('two pools', () => {
  it('a step that announces more than 5 s takes no short slot, and the other way round', async () => {
    const slots = createSlots(1);
    const longSlots = createSlots(1);
    const { signal } = new AbortController();
    const deps = { slots, longSlots };
    const capture = specStep({ event, actionner: { timeLimit: () => 30_000, run: never }, deps });
    await vi.advanceTimersByTimeAsync(0);
    const quick = specStep({ event, actionner: { timeLimit: () => 5_000 }, deps });
    await vi.advanceTimersByTimeAsync(0);
    await expect(quick.outcome).resolves.toMatchObject({ status: 'success' });
    const release = await slots.take({ severity: 0, age: 1 }, signal);
    const another = specStep({ event, actionner: { timeLimit: () => 30_000 }, deps });
    release();
    await vi.advanceTimersByTimeAsync(30_000);
    await expect(capture.outcome).resolves.toMatchObject({ error: { code: 'timeout' } });
    await expect(another.outcome).resolves.toMatchObject({ status: 'success' });
  });
});

describe('stopping', () => {
  it('rejects with aborted while the action runs, although it does not heed its signal', async () => {
    const stop = new AbortController();
    const { outcome } = specStep({ event, actionner: { run: never }, deps: { signal: stop.signal } });
    await vi.advanceTimersByTimeAsync(0);
    stop.abort(new TalonError('aborted', 'stop'));
    await expect(outcome).rejects.toMatchObject({ code: 'aborted' });
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with aborted while it waits for a slot or for the next attempt', async () => {
    const stop = new AbortController();
    const full = createSlots(1);
    await full.take({ severity: 0, age: 0 }, stop.signal);
    const waiting = specStep({ event, actionner: {}, deps: { signal: stop.signal, slots: full } }).outcome;
    const backingOff = specStep({
      event,
      actionner: { run: () => Promise.reject(busy()) },
      deps: { signal: stop.signal },
    }).outcome;
    const expected = [waiting, backingOff].map((outcome) => expect(outcome).rejects.toMatchObject({ code: 'aborted' }));
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();
    await Promise.all(expected);
  });
});
