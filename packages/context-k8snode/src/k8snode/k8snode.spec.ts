import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubernetes } from '@falco-talon/client-kubernetes';
import { node, pod, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import {
  auditEvent,
  falcoEvent,
  HOSTILE_VALUES,
  openClients,
  runContext,
  testContext,
  testScope,
  withFields,
} from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { k8snode } from './k8snode.ts';

const LABELS = {
  'kubernetes.io/hostname': 'ip-10-0-0-7',
  'node.kubernetes.io/instance-type': 'm7g.large',
  'node-role.kubernetes.io/worker': '',
  'topology.kubernetes.io/region': 'eu-west-1',
  'topology.kubernetes.io/zone': 'eu-west-1a',
};
const USER = 'system:serviceaccount:talon:k8snode';

let api: FakeKubernetes;
let folder: string;
const settings = () => ({ kubernetes: { kubeconfig: join(folder, 'kubeconfig') } });
const alert = () => falcoEvent();
const host = (fields = {}, hostname = 'node-1') => falcoEvent({ hostname, fields: { 'proc.name': 'sh', ...fields } });
const fetched = async (event = alert()) => runContext(k8snode, { event, settings: settings() });
const calls = () => api.requests.map(({ method, path }) => `${method} ${path}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'context-k8snode-'));
  const worker = node({ name: 'node-1', labels: LABELS });
  api = await startFakeKubernetes({
    objects: [
      { ...worker, spec: { ...worker.spec, providerID: 'aws:///eu-west-1a/i-0abc' } },
      node({ name: 'node-2' }),
      pod({ name: 'cart-x2x9z', namespace: 'shop', uid: 'u-1', node: 'node-1' }),
      pod({ name: 'other', namespace: 'shop', node: 'node-2' }),
      pod({ name: 'unscheduled', namespace: 'shop', node: '' }),
      pod({ name: 'orphan', namespace: 'shop', node: 'node-gone' }),
      pod({ name: 'static', namespace: 'shop', annotations: { 'kubernetes.io/config.hash': 'kubelet-1' } }),
    ],
  });
  // The rights are exactly those the context names.
  const rules = k8snode.permissions.flatMap((permission) =>
    permission.kind === 'kubernetes'
      ? [{ apiGroups: [permission.apiGroup], resources: permission.resources, verbs: permission.verbs }]
      : [],
  );
  api.addUser({ name: USER, rules });
  await api.writeKubeconfig(join(folder, 'kubeconfig'), { user: USER });
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => api.clearRequests());

testContext(k8snode, {
  event: alert,
  settings,
  hang: () => {
    api.clearRequests();
    const fault = api.fault({ kind: 'hang' });
    return { reached: api.waitForRequest(() => true), release: () => fault.release() };
  },
});

describe('the facts', () => {
  it('are those of the node the pod runs on', async () => {
    expect((await fetched()).elements).toEqual({
      'node.hostname': 'ip-10-0-0-7',
      'node.instancetype': 'm7g.large',
      'node.role': 'worker',
      'node.topology.region': 'eu-west-1',
      'node.topology.zone': 'eu-west-1a',
      'node.spec.providerid': 'aws:///eu-west-1a/i-0abc',
    });
    expect(calls()).toEqual(['GET /api/v1/namespaces/shop/pods/cart-x2x9z', 'GET /api/v1/nodes/node-1']);
  });

  it('are all there, empty when the node does not tell', async () => {
    const { elements } = await fetched(withFields(alert(), { 'k8s.pod.name': 'other' }));
    expect(Object.keys(elements)).toEqual(Object.keys(k8snode.elements));
    expect(elements).toMatchObject({ 'node.hostname': 'node-2', 'node.role': '', 'node.spec.providerid': '' });
  });

  it('are read from the pod a guard or action has read already', async () => {
    const open = await openClients(k8snode.uses, { settings: settings() });
    try {
      const scope = testScope();
      const reads = open.reads(scope);
      const input = { ...scope, event: alert(), reads, clients: open.clients };
      await Promise.all([k8snode.fetch(input), k8snode.fetch(input)]);
      expect(calls()).toEqual(['GET /api/v1/namespaces/shop/pods/cart-x2x9z', 'GET /api/v1/nodes/node-1']);
    } finally {
      await open.close();
    }
  });
});

describe('the node', () => {
  it.each([
    ['the host the alert comes from', host()],
    ['the one of k8s.node.name, before the host', host({ 'k8s.node.name': 'node-1' }, 'somewhere')],
    [
      'of an audit alert that names it',
      { ...auditEvent({ fields: { 'k8s.node.name': 'node-1' } }), hostname: 'falco-0' },
    ],
    ['of an audit alert about a pod', auditEvent()],
    [
      'of a static pod, whose alert has the uid of the kubelet',
      withFields(alert(), { 'k8s.pod.name': 'static', 'k8s.pod.uid': 'kubelet-1' }),
    ],
    [
      'of a host alert with empty fields of Kubernetes',
      host({ 'k8s.pod.name': null, 'k8s.ns.name': '<NA>', 'k8s.node.name': '' }),
    ],
  ])('%s', async (_what, event) => {
    expect((await fetched(event)).elements['node.hostname']).toBe('ip-10-0-0-7');
  });

  it.each([
    ['the pod is gone', withFields(alert(), { 'k8s.pod.name': 'gone' }), 'target_gone', /pods .*shop\/gone/],
    ['the pod was re-created', withFields(alert(), { 'k8s.pod.uid': 'u-0' }), 'target_gone', /re-created/],
    [
      'the pod is not scheduled',
      withFields(alert(), { 'k8s.pod.name': 'unscheduled' }),
      'target_gone',
      /runs on no node/,
    ],
    ['the node is gone', withFields(alert(), { 'k8s.pod.name': 'orphan' }), 'target_gone', /nodes node-gone/],
    ['the host is no node', host({}, 'laptop'), 'target_gone', /nodes laptop/],
    ['a pod has no namespace', falcoEvent({ fields: { 'k8s.pod.name': 'cart-x2x9z' } }), 'missing_field', /namespace/],
    ['nothing names it', host({}, ''), 'missing_field', /k8s.node.name, hostname/],
    // Its host is where the plugin runs.
    ['an audit alert names no pod', auditEvent({ hostname: 'node-1', fields: {} }), 'missing_field', /names no pod/],
  ])('cannot be known when %s', async (_when, event, code, message) => {
    const { error } = await fetched(event);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), retryable: false });
  });

  it('is never looked for outside the paths of pods and nodes, whatever the alert says', async () => {
    for (const value of HOSTILE_VALUES) {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      await Promise.all([
        fetched(withFields(alert(), { 'k8s.pod.name': value, 'k8s.ns.name': value })),
        fetched(host({ 'k8s.node.name': value }, text)),
      ]);
    }
    const odd = calls().filter(
      (call) => !/^GET \/api\/v1\/(namespaces\/[a-z0-9-]+\/pods|nodes)\/[a-z0-9.-]+$/.test(call),
    );
    expect(odd).toEqual([]);
  });
});

it('without its rights the failure names the missing one', async () => {
  api.addUser({ name: 'system:serviceaccount:talon:nobody', rules: [] });
  const kubeconfig = join(folder, 'nobody');
  await api.writeKubeconfig(kubeconfig, { user: 'system:serviceaccount:talon:nobody' });
  const { error } = await runContext(k8snode, { event: host(), settings: { [kubernetes.id]: { kubeconfig } } });
  expect(error).toMatchObject({ code: 'forbidden', message: expect.stringMatching(/not allowed to get nodes node-1/) });
});
