import { ciliumCrds, pod, statefulSet, type Rule } from '@falco-talon/fake-kubernetes';
import { runActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertAbout, startCluster, type TestCluster } from '../spec/cluster.ts';
import { networkpolicy } from './networkpolicy/networkpolicy.ts';

type Right = readonly [group: string, resource: string, verb: string];

const rulesOf = (rights: readonly Right[]): readonly Rule[] =>
  rights.map(([group, resource, verb]) => ({ apiGroups: [group], resources: [resource], verbs: [verb] }));
/** Without those on owners the pods here do not have. */
const RIGHTS: readonly Right[] = networkpolicy.permissions.flatMap((permission) =>
  permission.kind === 'kubernetes'
    ? permission.resources
        .filter((resource) => !['replicasets', 'daemonsets', 'jobs', 'replicationcontrollers'].includes(resource))
        .flatMap((resource) => permission.verbs.map((verb) => [permission.apiGroup, resource, verb] as const))
    : [],
);

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster({ objects: ciliumCrds() });
});
afterAll(() => cluster.close());

describe('the rights', () => {
  let users = 0;
  /** Every kind of call the action can make, with a user of these rights. */
  async function act(rights: readonly Right[]) {
    const user = `system:serviceaccount:talon:user-${++users}`;
    cluster.api.addUser({ name: user, rules: rulesOf(rights) });
    const client = await cluster.connect(user);
    for (const plural of ['pods', 'ciliumnetworkpolicies']) {
      for (const { metadata } of cluster.api.objects(plural, 'shop')) cluster.api.remove(plural, 'shop', metadata.name);
    }
    cluster.api.create(...statefulSet({ name: 'web', namespace: 'shop' }), pod({ name: 'alone', namespace: 'shop' }));
    for (const [name, address] of [
      ['web-0', '203.0.113.1'],
      ['web-0', '192.168.7.7'],
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
    expect(await act(RIGHTS)).toBeUndefined();
    expect(cluster.api.requests.filter(({ status }) => status === 403)).toEqual([]);
  });

  it.each(RIGHTS)('include %s %s: %s, and without it the failure says so', async (group, resource, verb) => {
    const outcome = await act(RIGHTS.filter((right) => right.join() !== [group, resource, verb].join()));
    expect(outcome?.error?.code).toBe('forbidden');
    expect(outcome?.message).toContain(`not allowed to ${verb} ${resource}`);
  });
});

describe('names an attacker chose', () => {
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
    await cluster.client.resources.find('pods', { signal: new AbortController().signal });
    cluster.calls();
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
