import {
  defineActionner,
  definePlugin,
  emptyObject,
  TalonError,
  type FalcoEvent,
  type Status,
} from '@falco-talon/core';
import { falcoEvent } from '@falco-talon/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import { buildRegistry } from '../registry/registry.ts';
import { createLanes } from './lanes.ts';
import { enterLanes, runChains, type Ran } from './run-chains.ts';
import { createSlots } from './slots.ts';

const touch = defineActionner({
  name: 'touch',
  description: 'For specs.',
  stability: 'alpha',
  sources: 'any',
  continue: true,
  output: 'none',
  parameters: emptyObject,
  idempotent: true,
  permissions: [],
  examples: [{ description: 'For specs.', parameters: {} }],
  target({ parameters }) {
    const { lane } = parameters as { lane?: string };
    if (lane === 'throws') throw new Error('no target');
    return lane === undefined ? undefined : { kind: 'pod', namespace: 'shop', name: lane };
  },
  run: async () => ({ status: 'success', message: '' }),
});
const registry = buildRegistry([definePlugin({ name: 'spec', category: 'spec', actionners: [touch] })]);

const step = (id: string, lane?: string, more: Partial<PlannedStep> = {}): PlannedStep => ({
  id,
  rule: 'r',
  ruleContinue: true,
  action: id,
  actionner: 'spec:touch',
  parameters: lane === undefined ? {} : { lane },
  contexts: [],
  notifiers: [],
  continue: true,
  ignoreErrors: false,
  dryRun: false,
  ...more,
});
const planOf = (...chains: PlannedStep[][]): Plan => ({
  ruleSet: 'v',
  chains: chains.map((steps) => ({ rule: 'r', steps })),
});
const { signal } = new AbortController();
const event: FalcoEvent = falcoEvent();
const ran = (status: Status, stored: Promise<void> = Promise.resolve()): Ran => ({ status, stored });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function order(plan: Plan, statusOf: (step: PlannedStep) => Status): Promise<string[]> {
  const order: string[] = [];
  await runChains(enterLanes(event, plan, registry, createLanes()), signal, async (current) => {
    order.push(current.id);
    return ran(statusOf(current));
  });
  return order;
}

describe('a chain', () => {
  const three = [step('a'), step('b'), step('c')];

  it('runs its steps in order', async () =>
    expect(await order(planOf(three), () => 'success')).toEqual(['a', 'b', 'c']));

  it('ends after a failure, other chains go on', async () => {
    const ran = await order(planOf(three, [step('d'), step('e')]), ({ id }) => (id === 'a' ? 'failure' : 'success'));
    expect(ran.toSorted()).toEqual(['a', 'd', 'e']);
  });

  it('goes on after a failure that is to be ignored', async () => {
    const plan = planOf([step('a', undefined, { ignoreErrors: true }), step('b')]);
    expect(await order(plan, () => 'failure')).toEqual(['a', 'b']);
  });

  it.each<Status>(['success', 'ignored', 'dry_run'])("after %s the action's continue decides", async (status) => {
    expect(await order(planOf([step('a', undefined, { continue: false }), step('b')]), () => status)).toEqual(['a']);
    expect(await order(planOf([step('a'), step('b')]), () => status)).toEqual(['a', 'b']);
  });

  it('an ignored error does not outweigh continue: false', async () => {
    expect(
      await order(planOf([step('a', undefined, { continue: false, ignoreErrors: true }), step('b')]), () => 'failure'),
    ).toEqual(['a']);
  });

  it('gives its lanes up when it ends early or its step rejects, and the rejection comes last', async () => {
    const lanes = createLanes();
    const chains = enterLanes(event, planOf([step('a', 'x'), step('b', 'y')], [step('c', 'y')]), registry, lanes);
    const order: string[] = [];
    const running = runChains(chains, signal, async ({ id }) => {
      order.push(id);
      if (id === 'a') throw new TalonError('queue_failed', 'no journal');
      return ran('success');
    });
    await expect(running).rejects.toThrow('no journal');
    expect(order).toEqual(['a', 'c']);
    expect(lanes.size).toBe(0);
  });

  it('starts the next step when the result is stored, and leaves the lane before that', async () => {
    const lanes = createLanes();
    const stored = Promise.withResolvers<void>();
    const order: string[] = [];
    const steps = [step('a', 'x'), step('b', 'y')];
    const running = runChains(enterLanes(event, planOf(steps), registry, lanes), signal, async ({ id }) => {
      order.push(id);
      return ran('success', id === 'a' ? stored.promise : undefined);
    });
    await lanes.enter(['pod\0shop\0x'])[0]?.head;
    await turn();
    expect(order).toEqual(['a']);
    stored.resolve();
    await running;
    expect(order).toEqual(['a', 'b']);
  });

  it('stops waiting for its lane when the process stops', async () => {
    const stop = new AbortController();
    const lanes = createLanes();
    const blocker = lanes.enter(['pod\0shop\0x']);
    const running = runChains(enterLanes(event, planOf([step('a', 'x')]), registry, lanes), stop.signal, async () =>
      ran('success'),
    );
    stop.abort(new TalonError('aborted', 'stop'));
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    blocker[0]?.leave();
    expect(lanes.size).toBe(0);
  });

  it('a target that throws leaves the step in no lane', () => {
    const lanes = createLanes();
    enterLanes(event, planOf([step('a', 'throws'), step('b', undefined, { actionner: 'spec:gone' })]), registry, lanes);
    expect(lanes.size).toBe(0);
  });
});

describe('any events, any targets', () => {
  const chain = fc.array(
    fc.record({
      lane: fc.constantFrom(undefined, 'a', 'b', 'c'),
      turns: fc.nat(3),
      fails: fc.boolean(),
      goesOn: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  );
  const events = fc.array(fc.record({ chains: fc.array(chain, { minLength: 1, maxLength: 3 }), severity: fc.nat(8) }), {
    maxLength: 8,
  });

  it('never overlap on a target, keep its order, do not block each other for ever, and stay below the limit', async () => {
    await fc.assert(
      fc.asyncProperty(events, fc.integer({ min: 1, max: 3 }), async (given, limit) => {
        const lanes = createLanes();
        const slots = createSlots(limit);
        const busy = new Set<string>();
        const order = new Map<string, number[]>();
        let tickets = 0;
        let acting = 0;
        let overlaps = 0;
        await Promise.all(
          given.map(async ({ chains, severity }, age) => {
            const facts = new Map<string, { lane?: string; turns: number; fails: boolean; place: number }>();
            const steps = chains.map((links, c) =>
              links.map(({ lane, turns, fails, goesOn }, s) => {
                const id = `${age}/${c}/${s}`;
                facts.set(id, { ...(lane !== undefined && { lane }), turns, fails, place: tickets++ });
                return step(id, lane, { continue: goesOn });
              }),
            );
            await runChains(enterLanes(event, planOf(...steps), registry, lanes), signal, async ({ id }) => {
              const { lane, turns, fails, place } = facts.get(id)!;
              const release = await slots.take({ severity, age }, signal);
              expect(++acting).toBeLessThanOrEqual(limit);
              if (lane !== undefined) {
                if (busy.has(lane)) overlaps++;
                busy.add(lane);
                order.set(lane, [...(order.get(lane) ?? []), place]);
              }
              for (let i = 0; i < turns; i++) await turn();
              if (lane !== undefined) busy.delete(lane);
              acting--;
              release();
              return ran(fails ? 'failure' : 'success');
            });
          }),
        );
        for (const places of order.values()) expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect([overlaps, lanes.size]).toEqual([0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});
