import { definePlugin, defineOutput, emptyObject } from '@falco-talon/core';
import { containerId, deployment, namespace, node, pod, replicaSet } from '@falco-talon/fake-kubernetes';
import { startTestEngine, type TestEngine } from '@falco-talon/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playCaptures } from '../spec/captures.ts';
import { startCluster, type TestCluster } from '../spec/cluster.ts';
import plugin from './index.ts';

/** As Falco shows it: the first twelve digits. */
function shortId(pod: string): string {
  return containerId('shop', pod, 'main').slice(13, 25);
}

/** One action in a rules file: what it is given, what the alert says, and the calls it may make. */
const BUDGETS = [
  ['label', '{ labels: { suspicious: true } }', 'plain', {}, 1],
  ['label', '{ labels: { suspicious: true } }', 'plain', { 'k8s.pod.uid': 'uid-plain' }, 1],
  ['label', '{ labels: { suspicious: true }, level: node }', 'plain', {}, 2],
  ['annotation', '{ annotations: { note: suspicious } }', 'plain', {}, 1],
  ['annotation', '{ annotations: { note: suspicious } }', 'plain', { 'k8s.pod.uid': 'uid-plain' }, 1],
  ['annotation', '{ annotations: { note: suspicious }, level: node }', 'plain', {}, 2],
  ['cordon', '{}', 'plain', {}, 2],
  // Pod, node, cordon, list, an eviction for each of two pods, a watch.
  ['drain', '{ grace_period_seconds: 0 }', 'moving', {}, 7],
  ['networkpolicy', '{}', 'plain', {}, 3],
  ['networkpolicy', '{ scope: workload }', 'front', {}, 4],
  ['log', '{}', 'plain', {}, 1],
  ['log', '{ container: main }', 'plain', { 'container.id': shortId('plain') }, 1],
  ['log', '{}', 'plain', { 'container.id': shortId('plain') }, 2],
  ['exec', '{ command: "true" }', 'plain', {}, 1],
  ['exec', '{ command: "true", container: main }', 'plain', { 'container.id': shortId('plain') }, 1],
  ['exec', '{ command: "true" }', 'plain', { 'container.id': shortId('plain') }, 2],
  ['script', '{ script: "true" }', 'plain', {}, 1],
  ['script', '{ script: "true" }', 'plain', { 'container.id': shortId('plain') }, 2],
  ['download', '{ file: /etc/hosts }', 'plain', {}, 1],
  ['download', '{ file: "${FD_NAME}" }', 'plain', { 'container.id': shortId('plain'), 'fd.name': '/etc/hosts' }, 2],
  ['terminate', '{}', 'a', { 'k8s.pod.uid': 'uid-a' }, 1],
  ['terminate', '{}', 'b', {}, 2],
  ['terminate', '{ ignore_daemonsets: true }', 'c', { 'k8s.pod.uid': 'uid-c' }, 2],
  ['terminate', '{ min_healthy_replicas: "33%" }', 'web', { 'k8s.pod.uid': '' }, 3],
  ['delete', '{}', 'd', audited('d'), 2],
  ['tcpdump', '{ duration: 1 }', 'plain', {}, 4],
  ['sysdig', '{ duration: 1 }', 'plain', {}, 5],
] as const;

/** As an audit alert tells what it is about. */
function audited(name: string) {
  return { 'ka.target.resource': 'pods', 'ka.target.name': name, 'ka.target.namespace': 'shop' };
}
/** What the cluster serves is asked once per connection. */
const DISCOVERY = /^GET \/apis?$/;

/** Where downloads and captures go: nowhere. */
const nowhere = definePlugin({
  name: 'nowhere',
  category: 'test',
  outputs: [
    defineOutput({
      name: 'nowhere',
      description: 'Keeps nothing.',
      parameters: emptyObject,
      permissions: [],
      examples: [{ description: 'Nothing', parameters: {} }],
      store: async () => ({ message: 'forgotten', objects: {} }),
    }),
  ],
});
const keeps = (actionner: string) => ['download', 'tcpdump', 'sysdig'].includes(actionner);
const outputOf = (actionner: string) => (keeps(actionner) ? ', output: { target: "test:nowhere" }' : '');

const rules = BUDGETS.map(
  ([actionner, parameters], index) =>
    `- rule: rule ${index}\n  match: { rules: [alert ${index}] }\n  actions: [{ action: act, actionner: "kubernetes:${actionner}", parameters: ${parameters}${outputOf(actionner)} }]\n`,
).join('');

describe('calls to the API server, in the engine', () => {
  let cluster: TestCluster;
  let engine: TestEngine;
  const pods = new Map<string, string>();

  beforeAll(async () => {
    const front = deployment({ name: 'front', namespace: 'shop' });
    const web = replicaSet({ name: 'web', namespace: 'shop', replicas: 3 });
    cluster = await startCluster({
      objects: [
        node({ name: 'node-1' }),
        node({ name: 'node-2' }),
        ...['moving', 'moving-2'].map((name) => pod({ name, namespace: 'shop', node: 'node-2' })),
        namespace('talon'),
        ...['plain', 'a', 'b', 'c', 'd'].map((name) => pod({ name, namespace: 'shop', uid: `uid-${name}` })),
        ...front,
        ...web,
      ],
    });
    for (const [name, objects] of [
      ['front', front],
      ['web', web],
    ] as const) {
      pods.set(name, objects.find(({ kind }) => kind === 'Pod')!.metadata.name!);
    }
    await playCaptures(cluster, Buffer.from('capture'));
    const clients = { kubernetes: { ...cluster.settings.kubernetes, namespace: 'talon' } };
    engine = await startTestEngine({ plugins: [plugin, nowhere], rules, clients });
  });
  afterAll(async () => {
    await engine.close();
    await cluster.close();
  });

  it.each(BUDGETS.map((budget, index) => [...budget, index] as const))(
    '%s %s about %s with %j: %i',
    async (actionner, _, name, fields, calls, index) => {
      cluster.api.clearRequests();
      const before = engine.records.length;
      await engine.post({
        rule: `alert ${index}`,
        source: actionner === 'delete' ? 'k8s_audit' : 'syscall',
        output_fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': pods.get(name) ?? name, ...fields },
      });
      const record = (await engine.outcomes(before + (keeps(actionner) ? 2 : 1)))[before];
      expect(record).toMatchObject({ actionner: `kubernetes:${actionner}`, status: 'success' });
      expect(cluster.calls().filter((call) => !DISCOVERY.test(call))).toHaveLength(calls);
    },
  );
});
