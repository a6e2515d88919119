import {
  defineClient,
  defineContext,
  emptyObject,
  TalonError,
  type Actionner,
  type Guard,
  type Verdict,
} from '@falco-talon/core';
import { falcoEvent } from '@falco-talon/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { specGuard, specStep, STEP } from './testing-step.ts';

const event = falcoEvent();
const done = { status: 'success', message: 'done' } as const;
const busy = () => new TalonError('conflict', 'changed', { retryable: true, retryAfter: 10 });
const lost = () => new TalonError('outcome_unknown', 'no answer came', { retryable: true, retryAfter: 10 });
const output = { target: 'spec:store', parameters: {} };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function outcomeOf(given: Omit<Parameters<typeof specStep>[0], 'event'>) {
  const { outcome, seen } = specStep({ event, ...given });
  outcome.catch(() => {});
  await vi.runAllTimersAsync();
  return { ...(await outcome), seen };
}

describe('before the action', () => {
  it('a missing field is a failure that names the setting of Falco', async () => {
    const run = vi.fn<Actionner['run']>();
    const { status, error, seen } = await outcomeOf({ actionner: { requiredFields: ['fd.name'], run } });
    expect([status, error?.code]).toEqual(['failure', 'missing_field']);
    expect(error?.message).toContain('append_output');
    expect(seen).toEqual([]);
    expect(run).not.toHaveBeenCalled();
  });

  it('a guard that denies: ignored, with the reason and the target', async () => {
    const run = vi.fn<Actionner['run']>();
    const guards = [
      specGuard(async () => ({ kind: 'allow' }), 'first'),
      specGuard(async () => ({ kind: 'deny', reason: 'protected' })),
    ];
    expect(await outcomeOf({ actionner: { run }, guards })).toMatchObject({
      status: 'ignored',
      message: 'pod shop/cart was not touched: guard gate: protected',
      objects: { pod: 'cart', namespace: 'shop' },
    });
    expect(run).not.toHaveBeenCalled();
  });

  it.each<[string, () => Promise<Verdict>]>([
    ['throws', () => Promise.reject(new Error('bug'))],
    [
      'throws at once',
      () => {
        throw new Error('bug');
      },
    ],
    ['says nothing', async () => undefined as never],
    ['says what nobody knows', async () => ({ kind: 'perhaps' }) as never],
    ['holds for ever', async () => ({ kind: 'hold', reason: 'x', until: Infinity })],
  ])('a guard that %s counts as a no', async (_, judge) => {
    const run = vi.fn<Actionner['run']>();
    const { status, message } = await outcomeOf({ actionner: { run }, guards: [specGuard(judge)] });
    expect(status).toBe('ignored');
    expect(message).toContain('guard gate failed');
    expect(run).not.toHaveBeenCalled();
  });

  it('a guard that cannot judge for the moment is asked again before anything is done', async () => {
    const judge = vi.fn<Guard['judge']>().mockRejectedValueOnce(busy()).mockResolvedValue({ kind: 'allow' });
    expect(await outcomeOf({ actionner: {}, guards: [specGuard(judge)] })).toMatchObject({ status: 'success' });
    const dead = await outcomeOf({ actionner: {}, guards: [specGuard(() => Promise.reject(busy()))] });
    expect(dead).toMatchObject({
      status: 'failure',
      error: { message: 'guard gate failed: changed (after 5 attempts)' },
    });
  });

  it('nothing is done while all acting is stopped, not even what was begun before', async () => {
    const run = vi.fn<Actionner['run']>();
    const actionner = { run, idempotent: false };
    expect(await outcomeOf({ actionner, deps: { observe: true } })).toMatchObject({ status: 'dry_run' });
    expect(await outcomeOf({ actionner, deps: { observe: true }, intent: { facts: {} } })).toMatchObject({
      status: 'failure',
      error: { code: 'outcome_unknown' },
    });
    expect(run).not.toHaveBeenCalled();
  });

  it('a guard that only lets watch: checked and previewed as in a dry run, with what it says', async () => {
    const run = vi.fn<Actionner['run']>();
    const guards = [specGuard(async () => ({ kind: 'observe', reason: 'a storm' }))];
    const actionner = { run, idempotent: false, check: async () => ({ facts: { uid: 'u' } }) };
    const { status, message, seen } = await outcomeOf({
      actionner: { ...actionner, preview: async ({ facts }) => `would kill ${JSON.stringify(facts)}` },
      guards,
    });
    expect({ status, message, seen }).toEqual({
      status: 'dry_run',
      message: 'pod shop/cart was not touched: guard gate: a storm; would kill {"uid":"u"}',
      seen: ['started'],
    });
    expect(await outcomeOf({ actionner, guards, step: { dryRun: true } })).toMatchObject({ status: 'dry_run' });
    const ignored = await outcomeOf({ actionner: { run, check: async () => ({ ignored: 'a DaemonSet' }) }, guards });
    expect(ignored).toMatchObject({ status: 'ignored', message: 'a DaemonSet' });
    expect(run).not.toHaveBeenCalled();
  });

  it('a guard that holds is asked again at that time, without using up an attempt', async () => {
    const startedAt = Date.now();
    const asked: number[] = [];
    const judge = async (): Promise<Verdict> => {
      asked.push(Date.now() - startedAt);
      return asked.length < 4
        ? { kind: 'hold', reason: 'budget', until: startedAt + asked.length * 60_000 }
        : { kind: 'allow' };
    };
    const { status, seen } = await outcomeOf({ actionner: {}, guards: [specGuard(judge)], deps: { attempts: 1 } });
    expect(status).toBe('success');
    expect(asked).toEqual([0, 60_000, 120_000, 180_000]);
    expect(seen).toEqual(['started']);
  });

  it('a hold that is over already or lies beyond what a timer holds is no busy loop', async () => {
    const asked: number[] = [];
    const startedAt = Date.now();
    const untils = [0, Number.MAX_SAFE_INTEGER];
    const judge = async (): Promise<Verdict> => {
      asked.push(Date.now() - startedAt);
      const until = untils[asked.length - 1];
      return until === undefined ? { kind: 'allow' } : { kind: 'hold', reason: 'x', until };
    };
    await outcomeOf({ actionner: {}, guards: [specGuard(judge)] });
    expect(asked).toEqual([0, 1000, 3_601_000]);
  });

  it('check says ignored: nothing is done', async () => {
    const run = vi.fn<Actionner['run']>();
    expect(await outcomeOf({ actionner: { check: async () => ({ ignored: 'a DaemonSet' }), run } })).toMatchObject({
      status: 'ignored',
      message: 'a DaemonSet',
      objects: { pod: 'cart' },
    });
    expect(run).not.toHaveBeenCalled();
  });

  it('a context that fails fails the action', async () => {
    const run = vi.fn<Actionner['run']>();
    const aws = defineContext({
      name: 'aws',
      description: 'x',
      elements: {},
      permissions: [],
      fetch: () => Promise.reject(new Error('no metadata')),
    });
    expect(await outcomeOf({ actionner: { run }, contexts: [aws], step: { contexts: ['aws'] } })).toMatchObject({
      status: 'failure',
      error: { message: 'no metadata' },
    });
    expect(run).not.toHaveBeenCalled();
  });
});

describe('a dry run', () => {
  const run = vi.fn<Actionner['run']>();
  const dry = { step: { dryRun: true } };

  it.each([true, false])(
    'never runs, saves no intent, and says what would be done (idempotent: %s)',
    async (idempotent) => {
      const actionner: Partial<Actionner> = {
        idempotent,
        run,
        check: async () => ({ facts: { uid: 'u' } }),
        preview: async ({ facts }) => `would delete ${String(facts['uid'])}`,
      };
      const { status, message, seen, objects } = await outcomeOf({ actionner, ...dry });
      expect([status, message, seen]).toEqual(['dry_run', 'would delete u', ['started']]);
      expect(objects).toEqual({ pod: 'cart', namespace: 'shop' });
      expect(run).not.toHaveBeenCalled();
    },
  );

  it('words a preview for who has none', async () => {
    const { message } = await outcomeOf({ actionner: { run }, step: { dryRun: true, parameters: { a: 1 } } });
    expect(message).toBe('would run spec:act with {"a":1}');
  });

  it('does not run even when there is an intent', async () => {
    const { status } = await outcomeOf({
      actionner: { run, idempotent: false, settled: async () => 'again' },
      intent: { facts: {} },
      ...dry,
    });
    expect(status).toBe('dry_run');
    expect(run).not.toHaveBeenCalled();
  });

  it('does not wait for a guard that holds', async () => {
    const guards = [specGuard(async () => ({ kind: 'hold', reason: 'budget', until: Date.now() + 1e6 }))];
    expect(await outcomeOf({ actionner: { run }, guards, ...dry })).toMatchObject({
      status: 'dry_run',
      message: 'would wait: guard gate: budget',
    });
  });
});

describe('an idempotent action', () => {
  it('is checked again on a repeat, with views that remember nothing, as are the guards', async () => {
    let views = 0;
    const cluster = defineClient({
      id: 'cluster',
      section: '',
      settings: emptyObject,
      create: async () => ({}),
      reads: () => ({ number: ++views }),
    });
    const uses = { cluster };
    const checked: number[] = [];
    const judged: number[] = [];
    const run = vi.fn<Actionner['run']>().mockRejectedValueOnce(lost()).mockResolvedValue(done);
    const guard = {
      ...specGuard(
        async ({ reads }) => (
          judged.push((reads as unknown as { cluster: { number: number } }).cluster.number),
          { kind: 'allow' }
        ),
      ),
      uses,
    };
    await outcomeOf({
      actionner: {
        uses,
        run,
        check: async ({ reads }) => (checked.push((reads['cluster'] as { number: number }).number), { facts: {} }),
      },
      guards: [guard],
    });
    expect([judged, checked]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(run).toHaveBeenCalledTimes(2);
  });
});

describe('what run gets', () => {
  it('tokens with contexts, clients, facts, and whether there is an output', async () => {
    const run = vi.fn<Actionner['run']>(async () => done);
    const client = {};
    const uses = {
      cluster: defineClient({ id: 'cluster', section: '', settings: emptyObject, create: async () => client }),
    };
    const node = defineContext({
      name: 'node',
      description: 'x',
      elements: {},
      permissions: [],
      fetch: async () => ({ 'node.hostname': 'node-7' }),
    });
    await outcomeOf({ actionner: { run, uses }, contexts: [node], step: { contexts: ['node'], output } });
    const [context] = run.mock.calls[0] as unknown as [Parameters<Actionner['run']>[0]];
    expect(context).toMatchObject({ facts: {}, hasOutput: true, step: { id: STEP.id, actionner: 'spec:act' } });
    expect((context.clients as Record<string, unknown>)['cluster']).toBe(client);
    expect(context.tokens().get('NODE_HOSTNAME')).toBe('node-7');
    expect(context.tokens().get('PROC_NAME')).toBe('sh');
  });

  it.each([
    [{ ...done, objects: { node: 'n1' } }, { node: 'n1' }],
    [done, { pod: 'cart', namespace: 'shop' }],
    [
      { ...done, objects: { count: 5, none: null } as never },
      { count: '5', none: '' },
    ],
  ])('the objects of %j are recorded', async (result, objects) => {
    expect((await outcomeOf({ actionner: { run: async () => result } })).objects).toEqual(objects);
  });
});
