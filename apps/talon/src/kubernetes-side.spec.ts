import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineActionner, definePlugin, emptyObject, podTarget } from '@falco-talon/core';
import { containerId, node, pod, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { startTestEngine, type TestEngine } from '@falco-talon/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { plugins } from './plugins.ts';

const RULES = `
- rule: Shell
  match: all
  actions:
    - action: Read the tokens
      actionner: spec:tokens
      contexts: [k8snode]
    - action: Label the node
      actionner: kubernetes:label
      parameters: { level: node, labels: { seen: 'yes' } }
      additional_contexts: [k8snode]
  notifiers: [K8sEvents]
- rule: Forged
  match: { rules: [Forged] }
  actions: [{ action: end it, actionner: kubernetes:terminate }]
`;

let folder: string;
let api: FakeKubernetes;
let test: TestEngine;
let tokens: ReadonlyMap<string, string>;

const reader = definePlugin({
  name: 'spec',
  category: 'spec',
  actionners: [
    defineActionner({
      name: 'tokens',
      description: 'Keeps the tokens it gets.',
      stability: 'stable',
      sources: 'any',
      continue: true,
      output: 'none',
      parameters: emptyObject,
      idempotent: true,
      permissions: [],
      examples: [{ description: 'Any alert.', parameters: {} }],
      target: ({ event }) => podTarget(event),
      async run(context) {
        tokens = context.tokens();
        return { status: 'success', message: 'read' };
      },
    }),
  ],
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'talon-kubernetes-side-'));
  const worker = node({ name: 'node-1', labels: { 'node-role.kubernetes.io/worker': '' } });
  api = await startFakeKubernetes({
    objects: [
      { ...worker, spec: { ...worker.spec, providerID: 'kind://docker/node-1' } },
      pod({ name: 'cart-0', namespace: 'shop' }),
    ],
  });
  const kubeconfig = join(folder, 'kubeconfig');
  await api.writeKubeconfig(kubeconfig);
  test = await startTestEngine({
    plugins: [...(await plugins()).map((module) => module.default), reader],
    rules: RULES,
    clients: { kubernetes: { kubeconfig } },
  });
});
afterEach(async () => {
  await test.close();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

it('an alert gets the facts of its node once, and its outcomes become events of what was acted on', async () => {
  const fields = { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart-0', 'node.topology.zone': 'forged' };
  await test.post({ rule: 'Shell', priority: 'Notice', source: 'syscall', output: 'a shell', output_fields: fields });
  const records = await test.outcomes(2);
  expect(records.map(({ status, context }) => [status, context])).toEqual([
    ['success', 'k8snode'],
    ['success', 'k8snode'],
  ]);
  expect(Object.fromEntries(tokens)).toMatchObject({
    NODE_HOSTNAME: 'node-1',
    NODE_ROLE: 'worker',
    NODE_SPEC_PROVIDERID: 'kind://docker/node-1',
    NODE_SPEC_PROVIDEDID: 'kind://docker/node-1',
    NODE_TOPOLOGY_ZONE: '',
  });

  await test.until(() => test.notifications.length === 2);
  const told = api.objects('events').map((event) => [event['involvedObject'], event['type']]);
  expect(told).toEqual([
    [expect.objectContaining({ kind: 'Node', name: 'node-1' }), 'Normal'],
    [expect.objectContaining({ kind: 'Pod', namespace: 'shop', name: 'cart-0' }), 'Normal'],
  ]);
  // Once for the context of both actions, once for the uid in the event.
  expect(api.requests.filter(({ method, path }) => method === 'GET' && path === '/api/v1/nodes/node-1')).toHaveLength(
    2,
  );
});

it('a forged alert about a pod of another node is refused, and counted', async () => {
  const id = containerId('shop', 'cart-0', 'main').replace('containerd://', '');
  const fields = { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart-0', 'container.id': id };
  await test.post({ rule: 'Forged', priority: 'Notice', source: 'syscall', hostname: 'node-2', output_fields: fields });
  const ofRule = () => test.records.find(({ rule }) => rule === 'Forged');
  await test.until(() => ofRule() !== undefined);
  expect(ofRule()).toMatchObject({
    status: 'ignored',
    result: expect.stringContaining('the alert comes from "node-2"'),
  });
  expect(test.verdicts).toContainEqual({ guard: 'plausibility', verdict: 'deny' });
  expect(api.get('pods', 'shop', 'cart-0')?.metadata.deletionTimestamp).toBeUndefined();
});
