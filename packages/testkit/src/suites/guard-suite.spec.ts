import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defineClient, defineGuard, strictObject, TalonError, Type } from '@falco-talon/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { falcoEvent } from '../events/falco-event.ts';
import { runGuard } from '../run/run-guard.ts';
import { TEST_TIME } from '../run/scope.ts';
import { testGuard } from './guard-suite.ts';

/** A calendar that says until when nothing may be done in a namespace; `never` for always. */
const world = { hanging: false, held: [] as ServerResponse[], reached: () => {}, asked: [] as string[] };
const ANSWERS: Readonly<Record<string, string>> = { '/vault': 'never', '/billing': String(TEST_TIME + 60_000) };
const server = createServer((request, response) => {
  world.asked.push(request.url!);
  if (!world.hanging) return response.end(ANSWERS[request.url!] ?? 'free');
  world.held.push(response);
  world.reached();
});
beforeAll(async () => await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Calendar {
  readonly busy: (namespace: string, signal: AbortSignal) => Promise<string>;
}

const calendar = defineClient({
  id: 'calendar',
  section: 'calendar',
  settings: strictObject({ url: Type.String({ description: 'Where it is.' }) }),
  async create({ settings }): Promise<Calendar> {
    return {
      async busy(namespace, signal) {
        try {
          const url = settings.url + encodeURIComponent(namespace.toWellFormed());
          return await (await fetch(url, { signal, headers: { connection: 'close' } })).text();
        } catch (cause) {
          if (signal.aborted) throw signal.reason;
          throw new TalonError('unavailable', 'the calendar does not answer', { cause, retryable: true });
        }
      },
    };
  },
  reads: (client): Calendar => client,
});

const maintenance = defineGuard({
  name: 'maintenance',
  description: 'Nothing is done in a namespace while its calendar says so.',
  uses: { calendar },
  async judge({ target, reads, signal }) {
    if (target.namespace === undefined) return { kind: 'allow' };
    const busy = await reads.calendar.busy(target.namespace, signal);
    if (busy === 'free') return { kind: 'allow' };
    if (busy === 'never') return { kind: 'deny', reason: 'the calendar says never' };
    return { kind: 'hold', reason: 'the calendar says later', until: Number(busy) };
  },
});

const settings = () => ({ calendar: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` } });
const podIn = (namespace: string) => ({ kind: 'pod', namespace, name: 'a' });

testGuard(maintenance, {
  cases: [
    { description: 'a namespace that is free', event: falcoEvent(), verdict: 'allow' },
    { description: 'one that is always busy', target: podIn('vault'), verdict: 'deny' },
    { description: 'one that is busy for a minute', target: podIn('billing'), verdict: 'hold' },
  ],
  settings,
  prepare: () => void (world.hanging = false),
  hang() {
    world.hanging = true;
    return {
      reached: new Promise<void>((resolve) => (world.reached = resolve)),
      release() {
        world.hanging = false;
        for (const response of world.held.splice(0)) response.destroy();
      },
    };
  },
});

it('hands a guard the step, the target and the parameters it was given', async () => {
  const seen: unknown[] = [];
  const guard = defineGuard({
    name: 'seeing',
    description: 'Sees.',
    async judge({ step, target, parameters, now }) {
      seen.push(step.actionner, target.name, parameters['grace_period_seconds'], now());
      return { kind: 'allow' };
    },
  });
  const step = { actionner: 'kubernetes:label' };
  const outcome = await runGuard(guard, { step, target: podIn('x'), parameters: { grace_period_seconds: 5 }, now: 7 });
  expect(outcome).toMatchObject({ status: 'success', verdict: { kind: 'allow' } });
  expect(seen).toEqual(['kubernetes:label', 'a', 5, 7]);
});

it('hands over settings with their defaults, and what the engine knows', async () => {
  const seen: unknown[] = [];
  const settings = strictObject({ most: Type.Integer({ default: 3, description: 'd' }) });
  const guard = defineGuard({
    name: 'counting',
    description: 'Counts.',
    settings,
    async judge({ settings: { most }, effect, dryRun, subject, own }) {
      seen.push({ most, effect, dryRun, subject, own });
      return { kind: 'observe', reason: 'enough' };
    },
  });
  const own = [podIn('falco')];
  const given = { effect: { destructive: false, idempotent: true, readOnly: true }, subject: { node: 'n' }, own };
  expect(await runGuard(guard)).toMatchObject({ verdict: { kind: 'observe', reason: 'enough' } });
  await runGuard(guard, { ...given, dryRun: true, guardSettings: { most: 5 } });
  const effect = { destructive: true, idempotent: false, readOnly: false };
  expect(seen).toEqual([
    { most: 3, effect, dryRun: false, subject: undefined, own: [] },
    { most: 5, dryRun: true, ...given },
  ]);
  await expect(runGuard(guard, { guardSettings: { moist: 5 } })).rejects.toMatchObject({ code: 'invalid_config' });
});

it('tells what a guard throws, and what the engine makes of it', async () => {
  const thrown = new RangeError('out of range');
  const judge = () => Promise.reject(thrown);
  const outcome = await runGuard(defineGuard({ name: 'throwing', description: 'Throws.', judge }));
  expect(outcome).toMatchObject({ status: 'failure', verdict: undefined, thrown, error: { code: 'plugin_failed' } });
});
