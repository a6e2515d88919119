import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutcomeRecord } from '@falco-talon/core';
import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import { namespace, node, pod, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { outcomeRecord, runNotifier, TEST_TIME, testNotifier, testScope } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { k8sevents } from './k8sevents.ts';

const USER = 'system:serviceaccount:talon:k8sevents';
const FIRST = Date.parse(outcomeRecord().time);
const MINUTE = 60_000;

let api: FakeKubernetes;
let folder: string;
let client: Kubernetes;

const connect = (name: string) =>
  kubernetes.create({
    ...testScope(),
    settings: { kubeconfig: join(folder, name), namespace: 'talon' },
    environment: { variables: {}, homeDirectory: folder },
  });
/** Through the newer group, as they were written. */
const events = () => api.objects('events.events.k8s.io');
const tell = (changes: Partial<OutcomeRecord> = {}, now = FIRST) =>
  runNotifier(k8sevents, { clients: { kubernetes: client }, records: [outcomeRecord(changes)], now });
const at = (time: number, changes: Partial<OutcomeRecord> = {}) =>
  tell({ time: new Date(time).toISOString(), trace_id: String(time).padStart(32, '0'), ...changes }, time);
const calls = () => api.requests.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f]{16}$/, '<hash>')}`);
const only = () => {
  expect(events()).toHaveLength(1);
  return events()[0]!;
};

function forget() {
  for (const { metadata } of events()) api.remove('events', metadata.namespace ?? '', metadata.name);
  api.clearFaults();
  api.clearRequests();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'notifier-k8sevents-'));
  api = await startFakeKubernetes({
    now: () => TEST_TIME - MINUTE,
    objects: [namespace('talon'), pod({ name: 'cart-x2x9z', namespace: 'shop', uid: 'u-1' }), node({ name: 'node-1' })],
  });
  // The rights are exactly those the notifier names.
  const rules = (k8sevents.permissions ?? []).flatMap((permission) =>
    permission.kind === 'kubernetes'
      ? [{ apiGroups: [permission.apiGroup], resources: permission.resources, verbs: permission.verbs }]
      : [],
  );
  api.addUser({ name: USER, rules });
  api.addUser({ name: 'writer', rules: rules.filter(({ apiGroups }) => apiGroups.includes('events.k8s.io')) });
  api.addUser({ name: 'nobody', rules: [] });
  await api.writeKubeconfig(join(folder, 'kubeconfig'), { user: USER });
  for (const user of ['writer', 'nobody']) await api.writeKubeconfig(join(folder, user), { user });
});
afterAll(async () => {
  await kubernetes.close?.(client);
  await api.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  forget();
  if (client) await kubernetes.close?.(client);
  client = await connect('kubeconfig');
});

testNotifier(k8sevents, {
  settings: () => ({}),
  clientSettings: () => ({ kubernetes: { kubeconfig: join(folder, 'kubeconfig') } }),
  prepare: forget,
  received: events,
  hang: () => {
    const fault = api.fault({ kind: 'hang' });
    return { reached: api.waitForRequest(() => true), release: () => fault.release() };
  },
});

describe('an event', () => {
  it('is about the pod, in its namespace', async () => {
    await tell();
    expect(only()).toMatchObject({
      metadata: { name: expect.stringMatching(/^cart-x2x9z\.[0-9a-f]{16}$/), namespace: 'shop' },
      eventTime: '2026-01-02T03:04:05.678000Z',
      reportingController: 'falcosecurity.org/falco-talon',
      reportingInstance: hostname(),
      action: 'kubernetes:label',
      reason: 'falco-talon:action:kubernetes:label:success',
      regarding: { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'cart-x2x9z', uid: 'u-1' },
      note: 'done: the pod was labelled (action "Label Pod as Suspicious", rule "Suspicious shell", trace 00000000000000000000000000000001). Alert: A shell was spawned in a container with an attached terminal',
      type: 'Normal',
    });
    expect(calls()).toEqual([
      'GET /api/v1/namespaces/shop/pods/cart-x2x9z',
      'POST /apis/events.k8s.io/v1/namespaces/shop/events',
    ]);
  });

  it.each([
    ['success', 'Normal'],
    ['ignored', 'Normal'],
    ['dry_run', 'Normal'],
    ['failure', 'Warning'],
  ] as const)('of status %s is of type %s', async (status, type) => {
    await tell({ status });
    expect(only()['type']).toBe(type);
  });

  it('about a node is in default, with the pod it came by', async () => {
    await tell({ objects: { pod: 'cart-x2x9z', namespace: 'shop', node: 'node-1' } });
    expect(only()).toMatchObject({
      metadata: { namespace: 'default' },
      regarding: { kind: 'Node', name: 'node-1', uid: api.get('nodes', '', 'node-1')!.metadata.uid },
      related: { kind: 'Pod', namespace: 'shop', name: 'cart-x2x9z' },
    });
  });

  it('carries no uid of a pod that may be another one under the same name', async () => {
    for (const age of [-500, 500]) {
      forget();
      const created = new Date(Math.floor((FIRST - age) / 1000) * 1000).toISOString().replace('.000Z', 'Z');
      api.create({
        ...pod({ name: 'new', namespace: 'shop' }),
        metadata: { name: 'new', namespace: 'shop', creationTimestamp: created },
      });
      await tell({ objects: { pod: 'new', namespace: 'shop' } });
      expect(only()['regarding']).not.toHaveProperty('uid');
    }
  });

  it.each([
    ['the pod is gone', 'kubeconfig', 'gone'],
    ['pods may not be read', 'writer', 'cart-x2x9z'],
  ])('carries no uid when %s', async (_when, user, name) => {
    await runNotifier(k8sevents, {
      clientSettings: { kubernetes: { kubeconfig: join(folder, user) } },
      records: [outcomeRecord({ objects: { pod: name, namespace: 'shop' } })],
    });
    expect(only()['regarding']).toEqual({ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name });
  });

  it('is taken by the API server whatever its texts are', async () => {
    const long = 'é\u202e\u001b[31m\r\n'.repeat(2_000);
    const { error } = await tell({
      rule: long,
      action: long,
      event: long,
      error: long,
      actionner: long,
      output_target: long,
    });
    expect(error).toBeUndefined();
    const { note, reason, action } = only() as unknown as Record<string, string>;
    expect(Buffer.byteLength(note!)).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(note!)).toBeGreaterThan(1000);
    for (const text of [note, reason, action]) expect(text).not.toMatch(/[\p{Cc}\p{Cf}\ufffd]/u);
  });
});

describe('repeats', () => {
  it('go into the series of the first event', async () => {
    await at(FIRST);
    await at(FIRST + 1_000);
    await at(FIRST + 2_000);
    expect(only()).toMatchObject({
      eventTime: '2026-01-02T03:04:05.678000Z',
      series: { count: 3, lastObservedTime: '2026-01-02T03:04:07.678000Z' },
    });
    expect(calls().slice(2)).toEqual([
      'PATCH /apis/events.k8s.io/v1/namespaces/shop/events/cart-x2x9z.<hash>',
      'PATCH /apis/events.k8s.io/v1/namespaces/shop/events/cart-x2x9z.<hash>',
    ]);
  });

  it('at the same moment are counted one by one', async () => {
    await Promise.all([0, 1, 2, 3, 4].map((after) => at(FIRST + after)));
    expect(only()['series']).toMatchObject({ count: 5 });
  });

  it.each([
    ['about another pod', { objects: { pod: 'cart-2', namespace: 'shop' } }],
    ['with another status', { status: 'ignored' }],
    ['of another rule', { rule: 'Another' }],
    ['of another action', { action: 'Another' }],
    ['with another error', { status: 'failure', error: 'another' }],
  ] as const)('are not outcomes %s', async (_what, changes) => {
    await at(FIRST);
    await at(FIRST + 1, changes);
    expect(events().map((event) => event['series'])).toEqual([undefined, undefined]);
  });

  it('end after six minutes without one', async () => {
    await at(FIRST);
    await at(FIRST + 6 * MINUTE);
    await at(FIRST + 12 * MINUTE + 1);
    expect(events().map((event) => event['series'])).toEqual(expect.arrayContaining([expect.anything(), undefined]));
  });

  it('of an event that has expired begin a new one', async () => {
    await at(FIRST);
    forget();
    await at(FIRST + 1);
    expect(only()).not.toHaveProperty('series');
    await at(FIRST + 2);
    expect(only()['series']).toMatchObject({ count: 2 });
  });

  it('of the notifier itself, after a lost answer, write and count nothing twice', async () => {
    api.fault({ kind: 'lost-answer', match: { method: 'POST' }, times: 1 });
    const first = await tell();
    expect(first.error).toMatchObject({ code: 'outcome_unknown', retryable: true });
    expect((await tell()).error).toBeUndefined();
    expect(only()).not.toHaveProperty('series');

    api.fault({ kind: 'lost-answer', match: { method: 'PATCH' }, times: 1 });
    expect((await at(FIRST + 1)).error).toMatchObject({ retryable: true });
    expect((await at(FIRST + 1)).error).toBeUndefined();
    expect(only()['series']).toMatchObject({ count: 2 });
  });
});

describe('when it cannot be written', () => {
  it.each([
    ['gone', () => {}],
    [
      'terminating',
      () => {
        api.create(namespace('leaving'));
        api.change('namespaces', '', 'leaving', ({ metadata }) => {
          metadata.deletionTimestamp = '2026-01-02T03:04:00Z';
        });
      },
    ],
  ])('because the namespace is %s, it is kept in default', async (_what, arrange) => {
    arrange();
    const objects = { pod: 'last', namespace: 'leaving' };
    expect((await at(FIRST, { objects })).error).toBeUndefined();
    expect((await at(FIRST + 1, { objects })).error).toBeUndefined();
    expect(only()).toMatchObject({
      metadata: { namespace: 'default' },
      regarding: { kind: 'Pod', namespace: 'leaving', name: 'last' },
      series: { count: 2 },
    });
    api.remove('namespaces', '', 'leaving');
  });

  it.each([
    ['forbidden', { kind: 'status', status: 403 }, 'forbidden', false],
    ['refused as wrong', { kind: 'status', status: 422 }, 'rejected', false],
    ['asked to slow down', { kind: 'status', status: 429, retryAfter: 30 }, 'throttled', true],
    ['down', { kind: 'status', status: 503, retryAfter: 30 }, 'unavailable', true],
  ] as const)('because it is %s, that is repeated only if it may pass', async (_what, fault, code, retryable) => {
    api.fault({ ...fault, match: { method: 'POST' }, times: 9 });
    expect((await tell()).error).toMatchObject({ code, retryable });
    expect(api.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('names the right that is missing', async () => {
    const { error } = await runNotifier(k8sevents, {
      clientSettings: { kubernetes: { kubeconfig: join(folder, 'nobody') } },
    });
    expect(error).toMatchObject({ code: 'forbidden', retryable: false });
    expect(error?.message).toMatch(/not allowed to create events.events.k8s.io/);
  });
});
