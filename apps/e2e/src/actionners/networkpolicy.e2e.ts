import { NETWORK_POLICIES, PODS, REPLICA_SETS } from '@falco-talon/client-kubernetes';
import { describe, expect, it } from 'vitest';
import type { Pod } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { podSpec, startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

const actionner = 'kubernetes:networkpolicy';

describe('kubernetes:networkpolicy', () => {
  const cluster = useCluster('networkpolicy');
  const policies = async () =>
    await cluster.client.list(NETWORK_POLICIES, {
      namespace: cluster.namespace,
      labelSelector: 'app.kubernetes.io/managed-by=falco-talon',
      signal: cluster.signal,
    });
  const policyOf = async (action: { readonly objects?: Readonly<Record<string, string>> }) =>
    (await policies()).find(({ metadata }) => Object.values(action.objects ?? {}).includes(metadata.name));

  it('cuts the egress of one pod, and the policy is as ordered', async () => {
    const pod = await startPod(cluster, { name: 'cart' });
    const { action } = await respond(cluster, {
      actionner,
      parameters: { allow_cidr: ['10.1.2.3/8', '2001:db8::1'], allow_namespaces: ['kube-system'] },
      pod,
    });
    expect(action.status).toBe('success');
    const policy = await policyOf(action);
    expect(policy?.metadata.annotations).toMatchObject({
      'falco-talon.org/rule': 'E2E',
      'falco-talon.org/action': 'Act',
      'falco-talon.org/trace-id': action.trace_id,
    });
    expect(policy?.spec).toMatchObject({ policyTypes: ['Egress'] });
    const text = JSON.stringify(policy?.spec?.['egress']);
    expect(text).toContain('"10.0.0.0/8"');
    expect(text).toContain('"2001:db8::1/128"');
    expect(text).toContain('"kubernetes.io/metadata.name":"kube-system"');
    const { matchLabels } = policy!.spec!['podSelector'] as { matchLabels: Record<string, string> };
    const now = await cluster.client.get(
      PODS,
      { namespace: cluster.namespace, name: 'cart' },
      { signal: cluster.signal },
    );
    expect(now.metadata.labels).toMatchObject(matchLabels);

    const again = await respond(cluster, { actionner, pod });
    expect(again.action.status).toBe('success');
    const renewed = await policyOf(again.action);
    expect(renewed?.metadata.uid).toBe(policy?.metadata.uid);
    // Nothing allowed any more: all egress is blocked.
    expect(renewed?.spec?.['egress'] ?? []).toEqual([]);
  });

  it('holds for the workload', async (test) => {
    if (!cluster.run.cluster.controllers) test.skip('no controllers make the pods');
    const { client, namespace } = cluster;
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: podSpec(cluster, {}) };
    const object = { metadata: { name: 'web' }, spec: { replicas: 1, selector: { matchLabels: labels }, template } };
    await client.create(REPLICA_SETS, object, { namespace, signal: cluster.signal });
    const pod = await until('the replica runs', async () => {
      const [first] = await client.list<Pod>(PODS, { namespace, labelSelector: 'app=web', signal: cluster.signal });
      return first?.status?.phase === 'Running' ? first : undefined;
    });
    const { action } = await respond(cluster, { actionner, parameters: { scope: 'workload' }, pod });
    expect(action.status).toBe('success');
    expect((await policyOf(action))?.spec?.['podSelector']).toEqual({ matchLabels: labels });
  });

  it("says that it has no effect in a node's network", async () => {
    const pod = await startPod(cluster, { name: 'host', spec: { hostNetwork: true } });
    const { action } = await respond(cluster, { actionner, pod });
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(/node's network/);
  });

  it("leaves somebody else's policy as it is", async () => {
    const { client, namespace } = cluster;
    const pod = await startPod(cluster, { name: 'taken' });
    const first = await respond(cluster, { actionner, pod });
    const name = { namespace, name: (await policyOf(first.action))!.metadata.name };
    await client.delete(NETWORK_POLICIES, name, { signal: cluster.signal });
    const spec = { podSelector: { matchLabels: { mine: 'yes' } }, policyTypes: ['Ingress'] };
    const mine = await client.create(
      NETWORK_POLICIES,
      { metadata: { name: name.name }, spec },
      { namespace, signal: cluster.signal },
    );
    const { action } = await respond(cluster, { actionner, pod });
    expect(action.status).toBe('failure');
    const now = await client.get(NETWORK_POLICIES, name, { signal: cluster.signal });
    expect(now.metadata.resourceVersion).toBe(mine.metadata.resourceVersion);
  });

  it.each(['list networkpolicies', 'patch networkpolicies', 'create networkpolicies', 'patch pods'])(
    'names the right to %s when it is missing',
    async (without) => {
      const pod = await startPod(cluster, { name: without.replace(' ', '-') });
      const { action } = await respond(cluster, { actionner, pod, without });
      expect(action.status).toBe('failure');
      expect(action.error).toContain(`not allowed to ${without}`);
    },
  );
});
