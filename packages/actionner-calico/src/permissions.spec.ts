import { calicoCrds, pod, statefulSet, type CalicoInput, type Rule } from '@falco-talon/fake-kubernetes';
import { runActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertAbout, startCluster, type TestCluster } from '../spec/cluster.ts';
import { networkpolicy } from './networkpolicy/networkpolicy.ts';

type Right = readonly [group: string, resource: string, verb: string];

const RIGHTS: readonly Right[] = networkpolicy.permissions.flatMap((permission) =>
  permission.kind === 'kubernetes'
    ? permission.resources.flatMap((resource) =>
        permission.verbs.map((verb) => [permission.apiGroup, resource, verb] as const),
      )
    : [],
);
const rulesOf = (rights: readonly Right[]): readonly Rule[] =>
  rights.map(([group, resource, verb]) => ({ apiGroups: [group], resources: [resource], verbs: [verb] }));

const PUBLIC = 'projectcalico.org';
const STORED = 'crd.projectcalico.org';
/** What one cluster never needs: the rights on the other API, and on owners the pods there do not have. */
const UNUSED = ['replicasets', 'daemonsets', 'jobs', 'replicationcontrollers'];
const needed = (group: string) =>
  RIGHTS.filter(([of, resource]) => (of === group || !of.includes('calico')) && !UNUSED.includes(resource));

describe.each([STORED, PUBLIC] as const)('the rights with %s', (group: CalicoInput['group']) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({
      objects: [
        ...calicoCrds({ group }),
        ...statefulSet({ name: 'web', namespace: 'shop' }),
        pod({ name: 'alone', namespace: 'shop' }),
      ],
    });
  });
  afterAll(() => cluster.close());

  let users = 0;
  /** Every kind of write the action can make, with a user of these rights. */
  async function act(rights: readonly Right[]) {
    const user = `system:serviceaccount:talon:user-${++users}`;
    cluster.api.addUser({ name: user, rules: rulesOf(rights) });
    const client = await cluster.connect(user);
    for (const plural of ['pods', `networkpolicies.${group}`]) {
      for (const { metadata } of cluster.api.objects(plural, 'shop')) cluster.api.remove(plural, 'shop', metadata.name);
    }
    cluster.api.create(...statefulSet({ name: 'web', namespace: 'shop' }), pod({ name: 'alone', namespace: 'shop' }));
    for (const [name, address] of [
      ['web-0', '203.0.113.1'],
      ['web-0', '203.0.113.2'],
      ['alone', '203.0.113.1'],
    ] as const) {
      for (const dryRun of [true, false]) {
        const event = alertAbout(name, { 'fd.rip': address });
        const outcome = await runActionner(networkpolicy, { event, clients: { kubernetes: client }, dryRun });
        if (outcome.error !== undefined) return outcome;
      }
    }
    return undefined;
  }

  it('are enough', async () => {
    expect(await act(needed(group))).toBeUndefined();
    expect(cluster.api.requests.filter(({ status }) => status === 403)).toEqual([]);
  });

  it.each(needed(group))('include %s %s: %s, and without it the failure says so', async (of, resource, verb) => {
    const outcome = await act(needed(group).filter((right) => right.join() !== [of, resource, verb].join()));
    expect(outcome?.error?.code).toBe('forbidden');
    // Calico's API server words a missing right on a tier as one on the policies in it.
    const named = resource === 'tiers' ? 'user cannot get tier' : resource.replace(/^tier\./, '');
    expect(outcome?.message).toContain(named);
    expect(outcome?.message).toMatch(resource === 'tiers' ? / tier "default"/ : new RegExp(`cannot ${verb} `));
  });
});

describe('names an attacker chose', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ objects: calicoCrds({ group: STORED }) });
  });
  afterAll(() => cluster.close());

  it.each([
    '../../kube-system/pods/etcd-0',
    '%2e%2e',
    '..',
    'a?b',
    'a#b',
    'A',
    'a\0b',
    'x'.repeat(254),
    ' a',
    '\u202ea',
  ])('%j reach no API server', async (value) => {
    for (const field of ['k8s.pod.name', 'k8s.ns.name', 'fd.rip']) {
      for (const dryRun of [true, false]) {
        const event = alertAbout('cart', { [field]: value });
        const outcome = await runActionner(networkpolicy, { event, clients: { kubernetes: cluster.client }, dryRun });
        expect(outcome.error?.code).toBe('invalid_value');
      }
    }
    expect(cluster.calls()).toEqual([]);
  });
});
