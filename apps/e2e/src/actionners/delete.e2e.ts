import { NAMESPACES, PODS, type Resource } from '@falco-talon/client-kubernetes';
import { isTalonError } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { CONFIG_MAPS } from '../cluster/resources.ts';
import { until } from '../cluster/until.ts';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

const actionner = 'kubernetes:delete';
const source = 'k8s_audit';

describe('kubernetes:delete', () => {
  const cluster = useCluster('delete');
  const target = (resource: string, name: string, more: Readonly<Record<string, unknown>> = {}) => ({
    'ka.target.resource': resource,
    'ka.target.name': name,
    'ka.target.namespace': cluster.namespace,
    ...more,
  });
  const exists = async (resource: Resource, name: string) => {
    try {
      await cluster.client.get(resource, { namespace: cluster.namespace, name }, { signal: cluster.signal });
      return true;
    } catch (error) {
      if (isTalonError(error) && error.code === 'target_gone') return false;
      throw error;
    }
  };
  const configMap = (name: string) =>
    cluster.client.create(
      CONFIG_MAPS,
      { metadata: { name } },
      { namespace: cluster.namespace, signal: cluster.signal },
    );

  it('deletes the object of an audit alert', async () => {
    await configMap('settings');
    const { action } = await respond(cluster, {
      actionner,
      source,
      fields: target('configmaps', 'settings'),
    });
    expect(action).toMatchObject({ status: 'success' });
    expect(await exists(CONFIG_MAPS, 'settings')).toBe(false);
  });

  it('deletes a pod whose exec was seen', async () => {
    const pod = await startPod(cluster, { name: 'cart' });
    const fields = target('pods', 'cart', { 'ka.target.subresource': 'exec' });
    const { action } = await respond(cluster, { actionner, source, fields });
    expect(action.status).toBe('success');
    await until('the pod is gone', async () => {
      const found = await cluster.client.list(PODS, { namespace: cluster.namespace, signal: cluster.signal });
      return !found.some(({ metadata }) => metadata.uid === pod.metadata.uid);
    });
  });

  it('finds a plural that several groups serve by the uri', async () => {
    const fields = target('events', 'never-was');
    const unclear = await respond(cluster, { actionner, source, fields });
    expect(unclear.action.status).toBe('failure');
    expect(unclear.action.error).toContain('events.k8s.io');
    const uri = `/apis/events.k8s.io/v1/namespaces/${cluster.namespace}/events/never-was`;
    const clear = await respond(cluster, {
      actionner,
      source,
      fields: { ...fields, 'ka.uri': uri },
    });
    // Events are no part of the rights it names: it got as far as asking for the object.
    expect(clear.action.error).toMatch(/not allowed to get events/);
  });

  it('refuses protected namespaces and what is in them', async () => {
    const refused = [
      { 'ka.target.resource': 'namespaces', 'ka.target.name': 'kube-public', 'ka.target.namespace': 'kube-public' },
      { ...target('configmaps', 'kube-root-ca.crt'), 'ka.target.namespace': 'kube-system' },
    ];
    for (const fields of refused) {
      const { action } = await respond(cluster, { actionner, source, fields });
      expect(action.status).toBe('ignored');
      expect(action.result).toContain('protected');
    }
    const found = await cluster.client.get(NAMESPACES, { name: 'kube-public' }, { signal: cluster.signal });
    expect(found.metadata.deletionTimestamp).toBeUndefined();
    await configMap('own');
    const { action } = await respond(cluster, {
      actionner,
      source,
      fields: target('configmaps', 'own'),
      ownNamespace: cluster.namespace,
    });
    expect(action.status).toBe('ignored');
    expect(action.result).toContain('never acts on itself');
    expect(await exists(CONFIG_MAPS, 'own')).toBe(true);
  });

  it.each(['get configmaps', 'delete configmaps'])('names the right to %s when it is missing', async (without) => {
    const name = without.replace(' ', '-');
    await configMap(name);
    const fields = target('configmaps', name);
    const { action } = await respond(cluster, { actionner, source, fields, without });
    expect(action.status).toBe('failure');
    expect(action.error).toContain(`not allowed to ${without}`);
    expect(await exists(CONFIG_MAPS, name)).toBe(true);
  });
});
