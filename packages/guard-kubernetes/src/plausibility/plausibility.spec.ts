import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Effect, FalcoEvent, Target } from '@falco-talon/core';
import { containerId, pod, replicaSet, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { auditEvent, falcoEvent, hanging, runGuard, TEST_TIME, testGuard, withFields } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { plausibility } from './plausibility.ts';

const UID = 'a1b2c3d4-0000-4000-8000-000000000001';
const ID = containerId('shop', 'cart-x2x9z', 'main').replace('containerd://', '');
const SHORT = ID.slice(0, 12);
const OTHER = 'f'.repeat(12);
const LABEL: Effect = { destructive: false, idempotent: true, readOnly: false };
/** When no container's status is on its way any more. */
const later = TEST_TIME + 10_000;

let folder: string;
let api: FakeKubernetes;
const settings = () => ({ kubernetes: { kubeconfig: join(folder, 'kubeconfig') } });
const target: Target = { kind: 'pod', namespace: 'shop', name: 'cart-x2x9z' };
const genuine = withFields(falcoEvent(), { 'container.id': SHORT });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guard-kubernetes-'));
  api = await startFakeKubernetes({
    objects: [
      pod({ name: 'cart-x2x9z', namespace: 'shop', uid: UID, node: 'node-1', containers: ['main', 'side'] }),
      pod({ name: 'unscheduled', namespace: 'shop', node: '' }),
      ...replicaSet({ name: 'web', namespace: 'shop' }),
    ],
  });
  await api.writeKubeconfig(join(folder, 'kubeconfig'));
});
beforeEach(() => api.clearRequests());
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask(event: FalcoEvent, more: Parameters<typeof runGuard>[1] = {}) {
  return await runGuard(plausibility, { event, target, settings: settings(), now: later, ...more });
}
async function reasonOf(event: FalcoEvent, more: Parameters<typeof runGuard>[1] = {}): Promise<string> {
  const { verdict, error } = await ask(event, more);
  expect(error).toBeUndefined();
  return verdict === undefined || verdict.kind === 'allow' ? 'allowed' : `${verdict.kind}: ${verdict.reason}`;
}

testGuard(plausibility, {
  cases: [
    { description: 'an alert that is right in everything', event: genuine, target, verdict: 'allow' },
    {
      description: 'another container',
      event: withFields(genuine, { 'container.id': OTHER }),
      now: later,
      verdict: 'deny',
    },
    { description: 'another node', event: { ...genuine, hostname: 'node-2' }, verdict: 'deny' },
    {
      description: 'a container that may just have started',
      event: withFields(genuine, { 'container.id': OTHER }),
      verdict: 'hold',
    },
  ],
  settings,
  prepare: () => api.clearFaults(),
  hang: () => hanging(api),
});

describe('a step that goes on with what was begun before', () => {
  it('is judged by the alert and the settings of now, not by a pod that may be gone by its doing', async () => {
    const resumed = { resumed: true, target: { ...target, name: 'gone' } };
    const about = withFields(genuine, { 'k8s.pod.name': 'gone' });
    expect(await reasonOf(about, resumed)).toBe('allowed');
    const old = { ...about, receivedAt: about.receivedAt + 301_000 };
    expect(await reasonOf(old, resumed)).toMatch(/^deny: /);
    expect(await reasonOf({ ...about, hostname: '' }, resumed)).toContain('no hostname');
    expect(api.requests).toEqual([]);
  });
});

describe('a genuine alert', () => {
  it('is allowed with one read, and tells of workload and node', async () => {
    const { verdict } = await ask(genuine);
    expect(verdict).toEqual({ kind: 'allow', subject: { workload: target, node: 'node-1' } });
    expect(api.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/v1/namespaces/shop/pods/cart-x2x9z',
    ]);
  });

  it.each([
    ['the whole id', ID],
    ['the name of the runtime before it', `containerd://${ID}`],
    ['capitals', SHORT.toUpperCase()],
    ['another container of the pod', containerId('shop', 'cart-x2x9z', 'side').slice(13, 25)],
  ])('may have the container id with %s', async (_, id) => {
    expect(await reasonOf(withFields(genuine, { 'container.id': id }))).toBe('allowed');
  });

  it('may have the uid of the pod in place of the container', async () => {
    const event = withFields(falcoEvent(), { 'k8s.pod.uid': UID });
    expect(await reasonOf(event, { target: { ...target, uid: UID } })).toBe('allowed');
  });

  it.each(['NODE-1', 'node-1.example.internal'])('may spell its node %s', async (hostname) => {
    expect(await reasonOf({ ...genuine, hostname })).toBe('allowed');
  });

  it('may have waited in the queue, and may have no time', async () => {
    expect(await reasonOf(genuine, { now: TEST_TIME + 86_400_000 })).toBe('allowed');
    for (const time of ['', 'yesterday', '12']) expect(await reasonOf({ ...genuine, time })).toBe('allowed');
  });
});

describe('a forged alert', () => {
  it.each<[string, Partial<FalcoEvent>, Readonly<Record<string, unknown>>, string]>([
    ['of another node', { hostname: 'node-2' }, {}, 'comes from "node-2", pod shop/cart-x2x9z runs on node-1'],
    ['of no node', { hostname: '' }, {}, 'has no hostname'],
    [
      'of another container',
      {},
      { 'container.id': OTHER },
      `names container ${OTHER}, pod shop/cart-x2x9z has ${SHORT}, `,
    ],
    ['of the host', {}, { 'container.id': 'host' }, 'ran on the host'],
    ['of no container', {}, { 'container.id': undefined }, 'carries neither container.id nor k8s.pod.uid'],
    ['of a null container', {}, { 'container.id': null }, 'carries neither'],
    ['of an unknown container', {}, { 'container.id': '<NA>' }, 'carries neither'],
    ['of a container that is none', {}, { 'container.id': '*' }, '"*" is no id of a container'],
    ['of too short an id', {}, { 'container.id': SHORT.slice(0, 11) }, 'is no id of a container'],
    ['of an empty id behind a runtime', {}, { 'container.id': 'containerd://' }, 'is no id of a container'],
    ['of two pods', {}, { 'ka.target.pod.name': 'other' }, 'names two pods'],
    [
      'of two pods, in the words of the audit log',
      {},
      { 'ka.target.resource': 'pods', 'ka.target.name': 'b' },
      'names two',
    ],
    ['of two namespaces', {}, { 'ka.target.namespace': 'other' }, 'names two pods'],
    ['that is old', { time: new Date(TEST_TIME - 3_600_000).toISOString() }, {}, 'was 60 minutes old'],
    ['that is old, in another zone', { time: '2026-01-02T03:04:05+0200' }, {}, 'was 2 hours old'],
    ['that is of the future', { time: '2027-01-02T03:04:05.678901234Z' }, {}, 'of 365 days after its receipt'],
  ])('%s is refused', async (_, changes, fields, words) => {
    const reason = await reasonOf({ ...withFields(genuine, fields), ...changes });
    expect(reason).toMatch(/^deny: /);
    expect(reason).toContain(words);
  });

  it('does not escape by calling its source something else', async () => {
    for (const source of ['k8s_audit', 'aws_cloudtrail', 'nothing']) {
      expect(await reasonOf({ ...falcoEvent(), source })).toContain('carries neither');
      expect(await reasonOf({ ...withFields(genuine, { 'container.id': OTHER }), source })).toContain(
        'names container',
      );
      expect(await reasonOf({ ...genuine, hostname: 'node-2', source })).toContain('comes from "node-2"');
      expect(await reasonOf({ ...genuine, hostname: '', source })).toContain('has no hostname');
    }
  });

  it('does not escape by naming its pod as the audit log does', async () => {
    for (const source of ['syscall', 'aws_cloudtrail', '']) {
      expect(await reasonOf({ ...auditEvent(), source })).toContain(
        `names a pod as the audit log does, but its source is "${source}"`,
      );
    }
  });

  it('of another pod of the same name is answered like an action would', async () => {
    const { error } = await ask(genuine, { target: { ...target, uid: 'b' } });
    expect(error).toMatchObject({ code: 'target_gone', retryable: false });
    expect(error?.message).toContain('was re-created under the same name: uid b is gone');
  });

  it('of a pod that is on no node yet is refused', async () => {
    const event = withFields(genuine, { 'k8s.pod.name': 'unscheduled' });
    expect(await reasonOf(event, { target: { ...target, name: 'unscheduled' } })).toContain('is on no node yet');
  });
});

it('a pod that is gone is answered like an action would', async () => {
  const { error } = await ask(genuine, { target: { ...target, name: 'gone' } });
  expect(error).toMatchObject({ code: 'target_gone', retryable: false });
});

it('an alert of the audit log is about a pod that is there', async () => {
  const audit = auditEvent();
  expect(await reasonOf(audit)).toBe('allowed');
  expect((await ask(audit, { target: { ...target, name: 'gone' } })).error).toMatchObject({ code: 'target_gone' });
  api.clearRequests();
  const deployment = { kind: 'deployment', namespace: 'shop', name: 'cart' };
  expect(await reasonOf(audit, { target: deployment })).toBe('allowed');
  expect(api.requests).toEqual([]);
});

describe('the settings', () => {
  const forged = { ...withFields(genuine, { 'container.id': OTHER }), hostname: 'node-2' };

  it('say which actions it is about', async () => {
    expect(await reasonOf(forged, { effect: LABEL })).toBe('allowed');
    expect(await reasonOf(forged, { guardSettings: { applies_to: 'none' } })).toBe('allowed');
    expect(api.requests).toEqual([]);
    expect(await reasonOf(forged, { effect: LABEL, guardSettings: { applies_to: 'all' } })).toMatch(/^deny/);
  });

  it('turn single comparisons off', async () => {
    expect(await reasonOf({ ...genuine, hostname: 'node-2' }, { guardSettings: { node: false } })).toBe('allowed');
    expect(await reasonOf(forged, { guardSettings: { node: false } })).toContain('names container');
    expect(await reasonOf(falcoEvent(), { guardSettings: { container: false } })).toBe('allowed');
    const old = { ...genuine, time: '2020-01-01T00:00:00Z' };
    const deployment = { kind: 'deployment', namespace: 'shop', name: 'cart' };
    expect(await reasonOf(old, { target: deployment })).toContain('max_age_seconds');
    expect(await reasonOf(old, { guardSettings: { max_age_seconds: 0 } })).toBe('allowed');
    expect(await reasonOf(old, { guardSettings: { max_age_seconds: 1e9 } })).toBe('allowed');
  });
});
