import type { ObjectInput } from '../api-object.ts';
import type { UserInput } from '../access/users.ts';
import { serviceAccount } from '../access/users.ts';
import type { JsonObject } from '../json.ts';
import { calicoCrds } from '../crds/calico.ts';
import { ciliumCrds } from '../crds/cilium.ts';
import { pod } from '../workloads/pod.ts';
import { node, statefulSet } from '../workloads/workloads.ts';

/** The time it is in the replayed cluster. */
export const NOW = Date.parse('2026-03-01T12:00:00Z');

const ELSEWHERE = { namespace: 'shop', node: 'node-2' };

function waitingPod(): ObjectInput {
  const two = pod({ ...ELSEWHERE, name: 'two', containers: ['a', 'b'], ready: false });
  const status = two.status as { containerStatuses: JsonObject[] };
  const waiting = status.containerStatuses[1];
  if (waiting !== undefined) waiting['state'] = { waiting: { reason: 'ErrImageNeverPull' } };
  return two;
}

function policy(name: string, finalizers: string[]): ObjectInput {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop', finalizers },
    spec: { podSelector: { matchLabels: { app: 'solo' } }, policyTypes: ['Ingress', 'Egress'] },
  };
}

function deployment(): ObjectInput {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', annotations: { 'deployment.kubernetes.io/revision': '1' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
    },
    status: { replicas: 3, readyReplicas: 3 },
  };
}

function daemonSet(): ObjectInput {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'shop', annotations: { 'deprecated.daemonset.template.generation': '1' } },
    spec: { selector: { matchLabels: { app: 'agent' } } },
    status: { numberReady: 1 },
  };
}

/** In a namespace of its own, so that it is in no list that was recorded. Its node has no kubelet that would start anything. */
function debuggedPods(): readonly ObjectInput[] {
  const container = {
    name: 'td',
    image: 'dump:1',
    command: ['tcpdump', '--version'],
    imagePullPolicy: 'Never',
    securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
    targetContainerName: 'main',
  };
  const where = { namespace: 'lab', node: 'node-2' };
  return [
    pod({
      ...where,
      name: 'bare',
      labels: { app: 'bare' },
      image: 'box:1',
      spec: { ephemeralContainers: [container] },
    }),
    pod({ ...where, name: 'done', phase: 'Succeeded' }),
  ];
}

/** What the exchanges were recorded against, as small as it may be. */
export function world(): readonly ObjectInput[] {
  const webPods = ['mxwd4', 'rs8rj', 'wjzwf'].map((suffix) => `web-89b84b8c4-${suffix}`);
  return [
    { ...node({ name: 'node-1' }) },
    pod({ name: 'solo', namespace: 'shop', labels: { app: 'solo', quarantine: 'true', team: 'red' }, image: 'box:1' }),
    ...['agent-plrwm', ...webPods].map((name) => pod({ name, namespace: 'shop' })),
    ...debuggedPods(),
    ...['d0', 'd5', 'd30', 'dp', 'dn', 'dk'].map((name) => pod({ ...ELSEWHERE, name })),
    pod({ ...ELSEWHERE, name: 'done', phase: 'Succeeded' }),
    pod({ ...ELSEWHERE, name: 'crash' }),
    pod({ namespace: 'shop', name: 'unsched', node: '' }),
    waitingPod(),
    ...statefulSet({ name: 'db', namespace: 'shop', replicas: 2 }).map((object) =>
      object.kind === 'StatefulSet'
        ? { ...object, metadata: { name: 'db', namespace: 'shop', annotations: {} } }
        : object,
    ),
    deployment(),
    daemonSet(),
    policy('fin', ['example.com/hold']),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm', namespace: 'shop' } },
  ];
}

export const USERS: readonly UserInput[] = [serviceAccount('shop', 'restricted'), serviceAccount('shop', 'temp')];

/** The kinds the recordings of custom resources are about. */
export const DEFINED: readonly ObjectInput[] = [
  ...calicoCrds({ group: 'crd.projectcalico.org' }).filter(({ metadata }) => metadata.name !== 'default'),
  ...ciliumCrds(),
];
