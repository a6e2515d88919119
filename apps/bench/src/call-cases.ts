import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubernetes } from '@falco-talon/client-kubernetes';
import calico from '@falco-talon/actionner-calico';
import cilium from '@falco-talon/actionner-cilium';
import actionners from '@falco-talon/actionner-kubernetes';
import guards from '@falco-talon/guard-kubernetes';
import {
  calicoCrds,
  ciliumCrds,
  containerId,
  deployment,
  namespace,
  node,
  startFakeKubernetes,
  type ApiObject,
  type ObjectInput,
} from '@falco-talon/fake-kubernetes';
import { defineOutput, definePlugin, emptyObject } from '@falco-talon/core';
import { startTestEngine } from '@falco-talon/testkit/engine';
import { playCaptureTools } from './capture-tools.ts';

export interface CallCase {
  readonly name: string;
  readonly action: string;
  /** Default `kubernetes`. */
  readonly category?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Whether it keeps something. */
  readonly output?: boolean;
  /** With the guard that compares alerts with the cluster. */
  readonly guarded?: boolean;
  /** Falco's source; default `syscall`. */
  readonly source?: string;
  /** Definitions of the kinds the cluster serves beside its own. */
  readonly serves?: readonly ObjectInput[];
  /** Output fields beside the pod's name and namespace. */
  readonly fields?: (pod: ApiObject) => Readonly<Record<string, unknown>>;
}

const uid = (pod: ApiObject) => ({ 'k8s.pod.uid': pod.metadata.uid });
const audited = (pod: ApiObject) => ({
  'ka.target.resource': 'pods',
  'ka.target.name': pod.metadata.name,
  'ka.target.namespace': 'shop',
});
const remote = () => ({ 'fd.rip': '203.0.113.7' });
const container = (pod: ApiObject) => ({
  'container.id': containerId('shop', pod.metadata.name, 'main').slice('containerd://'.length).slice(0, 12),
});

const TRUE = { command: 'true' };
const HOSTS = { file: '/etc/hosts' };

export const callCases: readonly (CallCase & { readonly promised: number })[] = [
  { name: 'label', action: 'label', parameters: { labels: { a: 'b' } }, promised: 1 },
  { name: 'label, level node', action: 'label', parameters: { labels: { a: 'b' }, level: 'node' }, promised: 2 },
  { name: 'annotation', action: 'annotation', parameters: { annotations: { a: 'b' } }, promised: 1 },
  {
    name: 'annotation, level node',
    action: 'annotation',
    parameters: { annotations: { a: 'b' }, level: 'node' },
    promised: 2,
  },
  { name: 'cordon', action: 'cordon', promised: 2 },
  {
    name: 'drain, three pods on the node',
    action: 'drain',
    parameters: { grace_period_seconds: 0 },
    promised: 8,
  },
  { name: 'delete', action: 'delete', source: 'k8s_audit', fields: audited, promised: 2 },
  { name: 'terminate, the alert carries the uid', action: 'terminate', fields: uid, promised: 1 },
  { name: 'terminate', action: 'terminate', promised: 2 },
  { name: 'terminate, with plausibility and the uid', action: 'terminate', guarded: true, fields: uid, promised: 2 },
  { name: 'terminate, with plausibility', action: 'terminate', guarded: true, fields: container, promised: 2 },
  { name: 'label, with plausibility', action: 'label', guarded: true, parameters: { labels: { a: 'b' } }, promised: 1 },
  { name: 'terminate with a guard', action: 'terminate', parameters: { ignore_daemonsets: true }, promised: 2 },
  {
    name: 'terminate with min_healthy_replicas',
    action: 'terminate',
    parameters: { min_healthy_replicas: '33%' },
    promised: 3,
  },
  { name: 'networkpolicy, scope pod', action: 'networkpolicy', promised: 3 },
  { name: 'networkpolicy, scope workload', action: 'networkpolicy', parameters: { scope: 'workload' }, promised: 4 },
  {
    name: 'calico:networkpolicy',
    category: 'calico',
    action: 'networkpolicy',
    fields: remote,
    serves: calicoCrds({ group: 'crd.projectcalico.org' }),
    promised: 4,
  },
  {
    name: 'calico:networkpolicy, with its API server',
    category: 'calico',
    action: 'networkpolicy',
    fields: remote,
    serves: calicoCrds({ group: 'projectcalico.org' }),
    promised: 4,
  },
  {
    name: 'cilium:networkpolicy',
    category: 'cilium',
    action: 'networkpolicy',
    fields: remote,
    serves: ciliumCrds(),
    promised: 4,
  },
  { name: 'log, default container', action: 'log', promised: 1 },
  { name: 'log, container given', action: 'log', parameters: { container: 'main' }, promised: 1 },
  { name: 'log, container looked up by its id', action: 'log', fields: container, promised: 2 },
  { name: 'exec, default container', action: 'exec', parameters: TRUE, promised: 1 },
  { name: 'exec, container looked up by its id', action: 'exec', parameters: TRUE, fields: container, promised: 2 },
  { name: 'script, default container', action: 'script', parameters: { script: 'true' }, promised: 1 },
  {
    name: 'script, container looked up by its id',
    action: 'script',
    parameters: { script: 'true' },
    fields: container,
    promised: 2,
  },
  { name: 'download, default container', action: 'download', parameters: HOSTS, output: true, promised: 1 },
  {
    name: 'download, container looked up by its id',
    action: 'download',
    parameters: HOSTS,
    output: true,
    fields: container,
    promised: 2,
  },
  { name: 'tcpdump', action: 'tcpdump', parameters: { duration: 1 }, output: true, promised: 4 },
  { name: 'sysdig', action: 'sysdig', parameters: { duration: 1 }, output: true, promised: 5 },
];

/** Those that act on a cluster. */
export const PLUGINS = [actionners, calico, cilium];

const NOWHERE = { target: 'bench:nowhere' };
/** Where downloads and captures go. */
const nowhere = definePlugin({
  name: 'nowhere',
  category: 'bench',
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

/** What the cluster serves is asked once per connection, and not counted. */
const DISCOVERY = ['/api', '/apis'];

/** Runs the action once in a real engine and counts the requests the API server got. */
export async function countCalls({
  action,
  category = 'kubernetes',
  parameters = {},
  source = 'syscall',
  output = false,
  guarded = false,
  fields = () => ({}),
  serves = [],
}: CallCase): Promise<number> {
  const fake = await startFakeKubernetes({
    objects: [
      node({ name: 'node-1' }),
      namespace('talon'),
      ...serves,
      ...deployment({ name: 'cart', namespace: 'shop', replicas: 3 }),
    ],
  });
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-bench-'));
  await fake.writeKubeconfig(join(directory, 'kubeconfig'));
  await playCaptureTools(fake, directory, { ends: 'at once' });
  const pod = fake.objects('pods', 'shop')[0];
  if (!pod) throw new Error('the workload has no pod');
  const rule = {
    rule: 'Bench',
    match: { rules: ['Bench'] },
    actions: [{ action, actionner: `${category}:${action}`, parameters, ...(output ? { output: NOWHERE } : {}) }],
  };
  const engine = await startTestEngine({
    plugins: [...PLUGINS, ...(guarded ? [guards] : []), nowhere],
    rules: JSON.stringify([rule]),
    clients: { [kubernetes.id]: { kubeconfig: join(directory, 'kubeconfig'), namespace: 'talon' } },
  });
  fake.clearRequests();
  await engine.post({
    rule: 'Bench',
    source,
    hostname: 'node-1',
    output_fields: { 'k8s.pod.name': pod.metadata.name, 'k8s.ns.name': 'shop', ...fields(pod) },
  });
  const [record] = await engine.outcomes(1);
  const calls = fake.requests.filter(({ path }) => !DISCOVERY.includes(path)).length;
  await engine.close();
  await fake.close();
  await rm(directory, { recursive: true });
  if (record?.status !== 'success') throw new Error(`${action}: ${record?.status} ${record?.error ?? record?.result}`);
  return calls;
}
