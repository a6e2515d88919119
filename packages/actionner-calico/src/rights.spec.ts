import { kubernetes, type Kubernetes } from '@falco-talon/client-kubernetes';
import {
  calicoCrds,
  daemonSet,
  deployment,
  job,
  pod,
  replicationController,
  startFakeKubernetes,
  statefulSet,
  type FakeKubernetes,
  type CalicoInput,
  type ObjectInput,
} from '@falco-talon/fake-kubernetes';
import {
  alertOfConnection,
  connectCluster,
  testHostileNames,
  testPermissions,
  type ConnectedCluster,
} from '@falco-talon/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
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
const STORED = 'crd.projectcalico.org';
const PUBLIC = 'projectcalico.org';
const VERBS = ['get', 'create', 'update'];

describe.each([STORED, PUBLIC] as const)('with %s', (group: CalicoInput['group']) => {
  let cluster: ConnectedCluster<FakeKubernetes, Kubernetes>;
  const policies = `networkpolicies.${group}`;
  const clear = () => {
    for (const plural of ['pods', policies]) {
      for (const { metadata } of cluster.api.objects(plural, 'shop')) cluster.api.remove(plural, 'shop', metadata.name);
    }
    cluster.api.create(ALONE, ...WORKLOADS.flatMap(([, objects]) => objects.filter(({ kind }) => kind === 'Pod')));
  };
  /** The policy of an earlier alert. */
  const deny = () => {
    const prefix = group === STORED ? 'default.' : '';
    cluster.api.create({
      apiVersion: group === STORED ? `${STORED}/v1` : `${PUBLIC}/v3`,
      kind: 'NetworkPolicy',
      metadata: {
        name: `${prefix}falco-talon-deployment-web`,
        namespace: 'shop',
        labels: { 'app.kubernetes.io/managed-by': 'falco-talon' },
      },
      spec: {},
    });
  };

  beforeAll(async () => {
    const objects = [...calicoCrds({ group }), ALONE, ...WORKLOADS.flatMap(([, workload]) => workload)];
    cluster = await connectCluster(await startFakeKubernetes({ objects }), kubernetes);
  });
  afterAll(() => cluster.close());

  const world = {
    cluster: () => cluster.api,
    events: [alertOfConnection(podOf(WORKLOADS[0]![1]), { 'container.id': 'f'.repeat(12) })],
    prepare: clear,
  };
  testPermissions(networkpolicy, {
    ...world,
    cases: [
      { description: 'a further address', prepare: deny },
      { description: 'a pod alone', events: [alertOfConnection('alone')] },
      ...WORKLOADS.map(([right, objects]) => ({ description: right, events: [alertOfConnection(podOf(objects))] })),
    ],
    // Those on the API that is not in use; and no request is about the tier: networkpolicy.spec.ts shows them.
    unshown: (group === PUBLIC
      ? [
          ...VERBS.map((verb) => `${verb} networkpolicies.${STORED}`),
          `get tier.networkpolicies.${PUBLIC}`,
          `update tier.networkpolicies.${PUBLIC}`,
        ]
      : [
          ...VERBS.flatMap((verb) => [`${verb} networkpolicies.${PUBLIC}`, `${verb} tier.networkpolicies.${PUBLIC}`]),
          `get tiers.${PUBLIC}`,
        ]
    ).toSorted(),
  });
  if (group === STORED) testHostileNames(networkpolicy, world);
});
