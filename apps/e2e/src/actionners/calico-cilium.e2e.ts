import { expect, it } from 'vitest';
import type { Resource } from '@falco-talon/client-kubernetes';
import { describeWhen } from '../harness/describe-when.ts';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';
import { currentRun } from '../run.ts';

const KINDS: Readonly<Record<string, Omit<Resource, 'group' | 'namespaced'>>> = {
  'projectcalico.org': { version: 'v3', plural: 'networkpolicies', kind: 'NetworkPolicy' },
  'crd.projectcalico.org': { version: 'v1', plural: 'networkpolicies', kind: 'NetworkPolicy' },
  'cilium.io': { version: 'v2', plural: 'ciliumnetworkpolicies', kind: 'CiliumNetworkPolicy' },
};

const { calico, cilium } = currentRun().cluster;
/** What is left out when the cluster does not serve their kinds is said when the run begins. */
const ACTIONNERS = [
  ['calico:networkpolicy', calico ?? 'projectcalico.org', calico !== undefined],
  ['cilium:networkpolicy', 'cilium.io', cilium],
] as const;

for (const [actionner, group, served] of ACTIONNERS)
  describeWhen(served, actionner, () => testDenials(actionner, group));

function testDenials(actionner: string, group: string): void {
  const cluster = useCluster(actionner.replace(':', '-'));
  const resource: Resource = { ...KINDS[group]!, group, namespaced: true };
  const policies = async () => {
    const all = await cluster.client.list(resource, { namespace: cluster.namespace, signal: cluster.signal });
    return all.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by'] === 'falco-talon');
  };
  const policyOf = async (name: string) => (await policies()).find(({ metadata }) => metadata.name.includes(name));
  const denied = (policy: { readonly spec?: Readonly<Record<string, unknown>> } | undefined, address: string) =>
    JSON.stringify(policy?.spec).split(`"${address}"`).length - 1;

  it('denies an address, and the next one beside it, each once', async () => {
    const pod = await startPod(cluster, { name: 'cart', labels: { app: 'cart' } });
    for (const address of ['203.0.113.7', '2001:db8::7', '203.0.113.7']) {
      const { action } = await respond(cluster, { actionner, pod, fields: { 'fd.rip': address } });
      expect(action).toMatchObject({ status: 'success' });
    }
    const policy = await policyOf('cart');
    expect(denied(policy, '203.0.113.7/32')).toBe(1);
    expect(denied(policy, '2001:db8::7/128')).toBe(1);
    expect(policy?.metadata.annotations).toHaveProperty(['falco-talon.org/rule'], 'E2E');
  });

  it('denies the addresses of alerts of the same moment', async () => {
    const pod = await startPod(cluster, { name: 'crowd', labels: { app: 'crowd' } });
    const addresses = Array.from({ length: 6 }, (_, index) => `203.0.113.${index + 100}`);
    const responses = await Promise.all(
      addresses.map((address) => respond(cluster, { actionner, pod, fields: { 'fd.sip': address } })),
    );
    expect(responses.map(({ action }) => action.error ?? action.status)).toEqual(addresses.map(() => 'success'));
    const policy = await policyOf('crowd');
    expect(addresses.map((address) => denied(policy, `${address}/32`))).toEqual(addresses.map(() => 1));
  });

  it('refuses what it cannot deny: an address of the pod itself', async (test) => {
    if (cluster.run.cluster.node === undefined) test.skip('no node is ready');
    const pod = await startPod(cluster, { name: 'self' });
    const address = pod.status!.podIP!;
    const { action } = await respond(cluster, { actionner, pod, fields: { 'fd.sip': address } });
    expect(action.status).toBe('failure');
    expect(action.error).toContain(address);
    expect(await policyOf('self')).toBeUndefined();
  });

  it.each(['get pods', `get ${resource.plural}`, `create ${resource.plural}`])(
    'names the right to %s when it is missing',
    async (without) => {
      const name = without.replace(/\W/g, '-');
      const pod = await startPod(cluster, { name, labels: { app: name } });
      const { action } = await respond(cluster, { actionner, pod, fields: { 'fd.rip': '203.0.113.9' }, without });
      expect(action.status).toBe('failure');
      expect(action.error).toContain(`not allowed to ${without}`);
      expect(await policyOf(name)).toBeUndefined();
    },
  );
}
