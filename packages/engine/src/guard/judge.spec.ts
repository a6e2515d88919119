import { definePlugin, TalonError, type Guard, type Verdict } from '@falco-talon/core';
import { falcoEvent, testScope } from '@falco-talon/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { specGuard, STEP } from '../act/testing-step.ts';
import type { EventFacts } from '../enrich/event-facts.ts';
import { buildRegistry } from '../registry/registry.ts';
import { judge } from './judge.ts';

const judged = {
  event: falcoEvent(),
  step: STEP,
  target: { kind: 'pod', namespace: 'shop', name: 'cart' },
  parameters: { a: 1 },
};
const facts = { reads: async () => ({ cluster: 'view' }) } as unknown as EventFacts;
const ask = (guards: readonly Guard[], scope = testScope()) =>
  judge(judged, buildRegistry([definePlugin({ name: 'spec', category: 'spec', guards })]), facts, scope);
function saying(name: string, verdict: Verdict) {
  const asked = vi.fn<Guard['judge']>(async () => verdict);
  return { guard: specGuard(asked, name), asked };
}

afterEach(() => void vi.useRealTimers());

describe('judge', () => {
  it('allows when nobody says otherwise, having asked everybody', async () => {
    const guards = ['a', 'b'].map((name) => saying(name, { kind: 'allow' }));
    await expect(ask(guards.map(({ guard }) => guard))).resolves.toEqual({ kind: 'allow' });
    await expect(ask([])).resolves.toEqual({ kind: 'allow' });
    for (const { asked } of guards) {
      expect(asked).toHaveBeenCalledWith(expect.objectContaining({ ...judged, reads: { cluster: 'view' } }));
    }
  });

  it.each<Verdict>([
    { kind: 'deny', reason: 'protected' },
    { kind: 'hold', reason: 'budget', until: 5 },
  ])('the first that says %j decides, and is named', async (verdict) => {
    const last = saying('c', { kind: 'allow' });
    const guards = [saying('a', { kind: 'allow' }), saying('b', verdict), last];
    await expect(ask(guards.map(({ guard }) => guard))).resolves.toEqual({
      ...verdict,
      reason: `guard b: ${verdict.kind === 'allow' ? '' : verdict.reason}`,
    });
    expect(last.asked).not.toHaveBeenCalled();
  });

  it('one that fails for good counts as a no', async () => {
    const error = new TalonError('forbidden', 'may not list pods');
    await expect(ask([specGuard(() => Promise.reject(error))])).resolves.toEqual({
      kind: 'deny',
      reason: 'guard gate failed: may not list pods',
    });
  });

  it('one that hangs has 5 s, then may be asked again', async () => {
    vi.useFakeTimers();
    const asked = ask([specGuard(() => new Promise(() => {}))]).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await asked).toMatchObject({
      code: 'timeout',
      retryable: true,
    });
  });

  it('hands on how long a service asked to wait', async () => {
    const busy = new TalonError('throttled', 'busy', { retryable: true, retryAfter: 2000 });
    await expect(ask([specGuard(() => Promise.reject(busy))])).rejects.toMatchObject({
      code: 'throttled',
      retryable: true,
      retryAfter: 2000,
    });
  });

  it('ends with aborted when the process stops', async () => {
    const stop = new AbortController();
    const asked = ask([specGuard(() => new Promise(() => {}))], testScope({ signal: stop.signal }));
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 'aborted' });
  });
});
