import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import {
  ciliumCrds,
  daemonSet,
  deployment,
  job,
  pod,
  replicationController,
  startFakeKubernetes,
  statefulSet,
  type FakeKubernetes,
  type ObjectInput,
} from '@falco-talon/fake-kubernetes';
import {
  alertOfConnection,
  connectCluster,
  testHostileNames,
  testPermissions,
  type ConnectedCluster,
} from '@falco-talon/testkit';
import { afterAll, beforeAll } from 'vitest';
import { networkpolicy } from './networkpolicy/networkpolicy.ts';

const WORKLOADS: readonly (readonly [right: string, objects: readonly ObjectInput[]])[] = [
  ['replicasets', deployment({ name: 'web', namespace: 'shop' })],
  ['statefulsets', statefulSet({ name: 'db', namespace: 'shop' })],
  ['daemonsets', daemonSet({ name: 'agent', namespace: 'shop' })],
  ['jobs', job({ name: 'backup', namespace: 'shop' })],
  ['replicationcontrollers', replicationController({ name: 'old', namespace: 'shop' })],
];
const ALONE = pod({ name: 'alone', namespace: 'shop' });
const podOf = (objects: readonly ObjectInput[]) => objects.find(({ kind }) => kind === 'Pod')!.metadata.name!;
let cluster: ConnectedCluster<FakeKubernetes, Kubernetes>;
beforeAll(async () => {
  const objects = [...ciliumCrds(), ALONE, ...WORKLOADS.flatMap(([, workload]) => workload)];
  cluster = await connectCluster(await startFakeKubernetes({ objects }), kubernetes);
});
afterAll(() => cluster.close());

function clear(): void {
  for (const plural of ['pods', 'ciliumnetworkpolicies']) {
    for (const { metadata } of cluster.api.objects(plural, 'shop')) cluster.api.remove(plural, 'shop', metadata.name);
  }
  cluster.api.create(ALONE, ...WORKLOADS.flatMap(([, objects]) => objects.filter(({ kind }) => kind === 'Pod')));
}
/** The policy of an earlier alert. */
function deny(): void {
  cluster.api.create({
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: {
      name: 'falco-talon-deployment-web',
      namespace: 'shop',
      labels: { 'app.kubernetes.io/managed-by': 'falco-talon' },
    },
    spec: {},
  });
}

const FIRST = podOf(WORKLOADS[0]![1]);
const world = {
  cluster: () => cluster.api,
  events: [alertOfConnection(FIRST, { 'container.id': 'f'.repeat(12) })],
  prepare: clear,
};
testPermissions(networkpolicy, {
  ...world,
  cases: [
    { description: 'a further address', prepare: deny },
    {
      description: 'an address that may be in the cluster',
      events: [alertOfConnection(FIRST, { 'fd.rip': '192.168.7.7' })],
    },
    { description: 'a pod alone', events: [alertOfConnection('alone')] },
    ...WORKLOADS.map(([right, objects]) => ({ description: right, events: [alertOfConnection(podOf(objects))] })),
  ],
});
testHostileNames(networkpolicy, world);
