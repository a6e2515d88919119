import {
  definePlugin,
  strictObject,
  TalonError,
  Type,
  type Guard,
  type GuardInput,
  type Uses,
  type Verdict,
} from '@falco-talon/core';
import { falcoEvent, testScope } from '@falco-talon/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { specActionner, specGuard, STEP } from '../act/testing-step.ts';
import type { EventFacts } from '../enrich/event-facts.ts';
import { buildRegistry, ENGINE_PLUGIN } from '../registry/registry.ts';
import { createJudge, type JudgeDeps } from './judge.ts';

const judged = {
  event: falcoEvent(),
  step: STEP,
  target: { kind: 'pod', namespace: 'shop', name: 'cart' },
  parameters: { a: 1 },
  dryRun: false,
  resumed: false,
};
const actionner = specActionner({ idempotent: false, destructive: true });
const own = [{ kind: 'namespace', name: 'falco' }];
const facts = { reads: async () => ({ cluster: 'view' }), own: async () => own } as unknown as EventFacts;
/** Without the guards of the engine itself. */
function registryOf(guards: readonly Guard[], name = 'spec') {
  const registry = buildRegistry([definePlugin({ name, category: 'spec', guards })]);
  return { guards: new Map([...registry.guards].filter(([, { part }]) => guards.includes(part))) };
}
function ask(guards: readonly Guard[], scope = testScope(), deps: Partial<JudgeDeps> = {}) {
  const counted: string[] = [];
  const observer = {
    guardVerdict: (said: { guard: string; verdict: string }) => void counted.push(Object.values(said).join(' ')),
  };
  const judge = createJudge({ registry: registryOf(guards), settings: new Map(), observer, ...deps });
  return Object.assign(judge({ ...judged, actionner }, facts, scope), { counted });
}
function saying(name: string, verdict: Verdict) {
  const asked = vi.fn<Guard['judge']>(async () => verdict);
  return { guard: specGuard(asked, name), asked };
}

async function counts(asked: ReturnType<typeof ask>): Promise<readonly string[]> {
  await asked;
  return asked.counted;
}

afterEach(() => void vi.useRealTimers());

describe('judge', () => {
  it('allows when nobody says otherwise, having asked everybody', async () => {
    const guards = ['a', 'b'].map((name) => saying(name, { kind: 'allow' }));
    await expect(ask(guards.map(({ guard }) => guard))).resolves.toEqual({ kind: 'allow' });
    await expect(ask([])).resolves.toEqual({ kind: 'allow' });
    for (const { asked } of guards) {
      const effect = { idempotent: false, destructive: true, readOnly: false };
      const input = { ...judged, effect, own, settings: {}, reads: { cluster: 'view' } };
      expect(asked).toHaveBeenCalledWith(expect.objectContaining(input));
    }
  });

  it.each<Verdict>([
    { kind: 'deny', reason: 'protected' },
    { kind: 'observe', reason: 'a storm' },
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

  it("hands over each one's own settings", async () => {
    const seen: unknown[] = [];
    const schema = strictObject({ most: Type.Integer({ default: 5 }) });
    const settings = new Map([['b', { value: { most: 3 }, missing: [] }]]);
    const guards = ['a', 'b', 'c'].map((name) => ({
      ...specGuard(async (input) => (seen.push(input.settings), { kind: 'allow' }), name),
      ...(name !== 'a' && { settings: schema }),
    }));
    await ask(guards, testScope(), { settings });
    expect(seen).toEqual([{}, { most: 3 }, { most: 5 }]);
  });

  it('hands on what one found to those after it, each part as the last one said it', async () => {
    const seen: GuardInput<Uses>['subject'][] = [];
    const workload = { kind: 'deployment', namespace: 'shop', name: 'cart' };
    const finding = (name: string, subject: unknown) =>
      specGuard(async (input) => (seen.push(input.subject), { kind: 'allow', subject }) as Verdict, name);
    const odd = { workload: 'cart', node: 5 };
    const guards = [
      finding('a', { workload, node: 'n1' }),
      finding('b', { node: 'n2' }),
      finding('c', odd),
      finding('d', undefined),
    ];
    await expect(ask(guards)).resolves.toEqual({
      kind: 'allow',
      subject: { workload, node: 'n2' },
    });
    expect(seen).toEqual([undefined, { workload, node: 'n1' }, { workload, node: 'n2' }, { workload, node: 'n2' }]);
  });

  it("asks the engine's own first", async () => {
    const order: string[] = [];
    const noting = (name: string) => specGuard(async () => (order.push(name), { kind: 'allow' }), name);
    const registry = {
      guards: new Map([
        ...registryOf([noting('of-a-plugin')]).guards,
        ...registryOf([noting('lists')], ENGINE_PLUGIN).guards,
      ]),
    };
    const counted = await counts(ask([], testScope(), { registry }));
    expect(order).toEqual(['lists', 'of-a-plugin']);
    expect(counted).toEqual(['lists allow', 'of-a-plugin allow']);
  });

  it('counts what each says, and who failed', async () => {
    const fails = specGuard(() => Promise.reject(new Error('bug')), 'b');
    expect(await counts(ask([saying('a', { kind: 'allow' }).guard, fails]))).toEqual(['a allow', 'b failed']);
    const observes = saying('a', { kind: 'observe', reason: 'r' }).guard;
    expect(await counts(ask([observes]))).toEqual(['a observe']);
  });

  it('one that says no verdict at all counts as a no', async () => {
    for (const odd of [undefined, null, 'allow', { kind: 'yes' }, { kind: 'hold', reason: 'r', until: Infinity }]) {
      const verdict = await ask([specGuard(async () => odd as Verdict)]);
      expect(verdict).toMatchObject({ kind: 'deny', reason: expect.stringContaining('is no verdict') as string });
    }
  });

  it('one that fails for good counts as a no', async () => {
    const error = new TalonError('unsupported', 'no such kind');
    await expect(ask([specGuard(() => Promise.reject(error))])).resolves.toEqual({
      kind: 'deny',
      reason: 'guard gate failed: no such kind',
    });
  });

  it.each(['forbidden', 'unauthorized'] as const)('a right that is missing fails the step: %s', async (code) => {
    const error = new TalonError(code, 'may not get pods');
    await expect(ask([specGuard(() => Promise.reject(error))])).rejects.toBe(error);
  });

  it('one that hangs has 12 s, then may be asked again', async () => {
    vi.useFakeTimers();
    const ended = vi.fn<(error: unknown) => void>();
    void ask([specGuard(() => new Promise(() => {}))]).catch(ended);
    await vi.advanceTimersByTimeAsync(11_999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toHaveBeenCalledWith(expect.objectContaining({ code: 'timeout', retryable: true }));
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
