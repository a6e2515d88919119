import { strictObject, TalonError, Type, type Actionner, type Guard, type Verdict } from '@falco-talon/core';
import { falcoEvent } from '@falco-talon/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Brake } from '../guard/brake/brake.ts';
import { specGuard, specStep } from './testing-step.ts';

const done = { status: 'success', message: 'done' } as const;
const busy = () => new TalonError('conflict', 'changed', { retryable: true, retryAfter: 10 });
const lost = () => new TalonError('outcome_unknown', 'no answer came', { retryable: true, retryAfter: 10 });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function outcomeOf(given: Omit<Parameters<typeof specStep>[0], 'event'>) {
  const { outcome, seen } = specStep({ event: falcoEvent(), ...given });
  outcome.catch(() => {});
  await vi.runAllTimersAsync();
  return { ...(await outcome), seen };
}

describe('an action that must not be repeated blindly', () => {
  const check = vi.fn<NonNullable<Actionner['check']>>(async () => ({ facts: { uid: 'first' } }));
  beforeEach(() => void check.mockClear());

  it('has its intent saved before it runs; an idempotent one has none', async () => {
    const order: string[] = [];
    const actionner = { check, run: async () => (order.push('run'), done), idempotent: false };
    const saveIntent = async () => void order.push('intent');
    await outcomeOf({ actionner, saveIntent });
    expect(order).toEqual(['intent', 'run']);
    expect((await outcomeOf({ actionner: { ...actionner, idempotent: true } })).seen).toEqual(['started']);
  });

  it('does not run when its intent cannot be saved', async () => {
    const run = vi.fn<Actionner['run']>();
    const saveIntent = () => Promise.reject(new TalonError('queue_failed', 'disk full'));
    expect(await outcomeOf({ actionner: { idempotent: false, run }, saveIntent })).toMatchObject({
      status: 'failure',
      error: { code: 'queue_failed' },
    });
    expect(run).not.toHaveBeenCalled();
  });

  it.each([
    ['done', 'success', 'done by an earlier attempt', 1],
    ['again', 'success', 'done', 2],
    ['unknown', 'failure', '', 1],
    [undefined, 'failure', '', 1],
  ] as const)('after a lost answer, settled says %s', async (settled, status, message, runs) => {
    const run = vi.fn<Actionner['run']>().mockRejectedValueOnce(lost()).mockResolvedValue(done);
    const asked = vi.fn<NonNullable<Actionner['settled']>>(async () => settled as 'done');
    const outcome = await outcomeOf({ actionner: { idempotent: false, check, run, settled: asked } });
    expect(outcome).toMatchObject({ status, message });
    expect(run).toHaveBeenCalledTimes(runs);
    expect(check).toHaveBeenCalledTimes(1);
    expect(asked).toHaveBeenCalledWith(expect.objectContaining({ facts: { uid: 'first' } }));
    expect(outcome.seen).toEqual(['started', 'intent {"uid":"first"}']);
    for (const [context] of run.mock.calls) expect(context.facts).toEqual({ uid: 'first' });
    expect(outcome.error?.code).toBe(status === 'failure' ? 'outcome_unknown' : undefined);
  });

  describe('after a crash', () => {
    const run = vi.fn<Actionner['run']>(async () => done);
    const guard = vi.fn<Guard['judge']>();
    beforeEach(() => [run, guard].forEach((one) => one.mockClear()));
    const resumed = (settled: 'done' | 'again', verdict: Verdict, deps = {}) => {
      guard.mockResolvedValue(verdict);
      const preview = async ({ facts }: { readonly facts: unknown }) => `would go on with ${JSON.stringify(facts)}`;
      return outcomeOf({
        actionner: { idempotent: false, check, run, preview, settled: async () => settled },
        guards: [specGuard(guard)],
        intent: { facts: { uid: 'then' } },
        deps,
      });
    };

    it('asks settled and the guards, which are told so, and goes on with the facts of then', async () => {
      expect(await resumed('again', { kind: 'allow' })).toMatchObject({ status: 'success', seen: ['started'] });
      expect(guard).toHaveBeenCalledWith(expect.objectContaining({ resumed: true }));
      expect(run).toHaveBeenCalledWith(expect.objectContaining({ facts: { uid: 'then' } }));
      expect(check).not.toHaveBeenCalled();
    });

    it('does not go on with what a guard refuses now, and says so', async () => {
      expect(await resumed('again', { kind: 'deny', reason: 'protected since' })).toMatchObject({
        status: 'ignored',
        message: 'pod shop/cart was not touched any more: guard gate: protected since',
      });
      expect(run).not.toHaveBeenCalled();
    });

    it('only previews what may only be watched now', async () => {
      const watched = await resumed('again', { kind: 'observe', reason: 'a storm' });
      const stopped = await resumed('again', { kind: 'allow' }, { observe: true });
      expect([watched, stopped].map(({ status, message }) => [status, message])).toEqual([
        ['dry_run', 'pod shop/cart was not touched any more: guard gate: a storm; would go on with {"uid":"then"}'],
        ['dry_run', 'would go on with {"uid":"then"}'],
      ]);
      expect(run).not.toHaveBeenCalled();
    });

    it.each([{}, { observe: true }])('what is done stays done, whatever the guards say now (%j)', async (deps) => {
      expect(await resumed('done', { kind: 'deny', reason: 'x' }, deps)).toMatchObject({
        status: 'success',
        message: 'done by an earlier attempt',
      });
      expect([run, guard].map((one) => one.mock.calls.length)).toEqual([0, 0]);
    });
  });

  it.each([
    ['between two attempts that are known to have had no effect', false, ['started', 'intent {}', 'withdrawn']],
    ['in the middle of one, however that fails', true, ['started', 'intent {}']],
  ])('has its intent withdrawn only where nothing can have come of it: stopped %s', async (_, within, expected) => {
    const stopping = new AbortController();
    const run: Actionner['run'] = async () => {
      if (within) stopping.abort(new TalonError('aborted', 'stopped'));
      else setImmediate(() => stopping.abort(new TalonError('aborted', 'stopped')));
      throw new TalonError('conflict', 'changed', { retryable: true, retryAfter: 60_000 });
    };
    const { outcome, seen } = specStep({
      event: falcoEvent(),
      actionner: { idempotent: false, run },
      deps: { signal: stopping.signal },
    });
    const ended = outcome.catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await ended).toMatchObject({ code: 'aborted' });
    expect(seen).toEqual(expected);
  });

  it('goes on with the facts of then when its intent was withdrawn, as one that was never begun', async () => {
    const run = vi.fn<Actionner['run']>(async () => done);
    const guard = vi.fn<Guard['judge']>(async () => ({ kind: 'allow' }));
    const settled = vi.fn<NonNullable<Actionner['settled']>>(async () => 'done');
    const charge = vi.fn<Brake['charge']>();
    const given = { guards: [specGuard(guard)], deps: { brake: { charge, close: async () => {} } } };
    const intent = { facts: { uid: 'then' }, withdrawn: true } as const;
    const outcome = await outcomeOf({ actionner: { idempotent: false, check, run, settled }, intent, ...given });
    expect(outcome).toMatchObject({ status: 'success', message: 'done' });
    // Written again before it acts: should the process end now, it may have acted.
    expect(outcome.seen).toEqual(['started', 'intent {"uid":"then"}']);
    expect(guard).toHaveBeenCalledWith(expect.objectContaining({ resumed: false }));
    expect(run).toHaveBeenCalledWith(expect.objectContaining({ facts: { uid: 'then' } }));
    expect([check, settled, charge].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 1]);
  });

  it('looks anew when its intent was withdrawn and another version wrote it', async () => {
    const run = vi.fn<Actionner['run']>(async () => done);
    const actionner = { idempotent: false, check, run, facts: strictObject({ uid: Type.String() }) };
    const intent = { facts: { node: 'n1' }, withdrawn: true } as const;
    expect(await outcomeOf({ actionner, intent })).toMatchObject({ status: 'success' });
    expect(run).toHaveBeenCalledWith(expect.objectContaining({ facts: { uid: 'first' } }));
  });

  it('is not repeated after a crash or a lost answer when it cannot look', async () => {
    const run = vi.fn<Actionner['run']>(() => Promise.reject(lost()));
    expect(await outcomeOf({ actionner: { idempotent: false, run }, intent: { facts: {} } })).toMatchObject({
      status: 'failure',
      error: { code: 'outcome_unknown' },
    });
    expect(run).toHaveBeenCalledTimes(0);
    expect(await outcomeOf({ actionner: { idempotent: false, run } })).toMatchObject({
      status: 'failure',
      error: { code: 'outcome_unknown', message: 'no answer came' },
    });
    expect(run).toHaveBeenCalledTimes(1);
    const hung = vi.fn<Actionner['run']>(() => new Promise<never>(() => {}));
    expect(await outcomeOf({ actionner: { idempotent: false, run: hung } })).toMatchObject({
      error: { code: 'timeout' },
    });
    expect(hung).toHaveBeenCalledTimes(1);
  });

  it('is repeated on its first facts when it is known to have had no effect', async () => {
    const run = vi.fn<Actionner['run']>().mockRejectedValueOnce(busy()).mockResolvedValue(done);
    expect(await outcomeOf({ actionner: { idempotent: false, check, run } })).toMatchObject({ status: 'success' });
    expect([run.mock.calls.length, check.mock.calls.length]).toEqual([2, 1]);
  });

  it.each([{}, { uid: 'then', node: 'n1' }, { uid: [] }])(
    'is not repeated when another version left it facts like %j: they might not keep it from its neighbour',
    async (facts) => {
      const run = vi.fn<Actionner['run']>(async () => done);
      const settled = vi.fn<NonNullable<Actionner['settled']>>(async () => 'again');
      const actionner = { idempotent: false, run, settled, facts: strictObject({ uid: Type.String() }) };
      expect(await outcomeOf({ actionner, intent: { facts } })).toMatchObject({
        status: 'failure',
        error: { code: 'outcome_unknown' },
      });
      expect([run.mock.calls.length, settled.mock.calls.length]).toEqual([0, 0]);
      expect(await outcomeOf({ actionner, intent: { facts: { uid: 'then' } } })).toMatchObject({ status: 'success' });
      expect(run).toHaveBeenCalledWith(expect.objectContaining({ facts: { uid: 'then' } }));
    },
  );
});
