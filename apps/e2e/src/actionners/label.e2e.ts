import { NODES, PODS } from '@falco-talon/client-kubernetes';
import { describe, expect, it } from 'vitest';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

describe.each([
  ['kubernetes:label', 'labels'],
  ['kubernetes:annotation', 'annotations'],
] as const)('%s', (actionner, key) => {
  const cluster = useCluster(key);
  const at = (pod: string) => ({ namespace: cluster.namespace, name: pod });
  const now = async (pod: string) => {
    const { metadata } = await cluster.client.get(PODS, at(pod), { signal: cluster.signal });
    return metadata[key] ?? {};
  };

  it('sets, replaces and removes on the pod', async () => {
    const pod = await startPod(cluster, { name: 'cart', labels: { app: 'cart', old: 'x' } });
    const first = await respond(cluster, {
      actionner,
      parameters: { [key]: { 'analysis/status': 'suspicious', 'falco-talon.org/old': 'y' } },
      pod,
    });
    expect(first.action).toMatchObject({ status: 'success', objects: at('cart') && { pod: 'cart' } });
    expect(await now('cart')).toMatchObject({ 'analysis/status': 'suspicious', 'falco-talon.org/old': 'y' });
    const second = await respond(cluster, {
      actionner,
      parameters: { [key]: { 'falco-talon.org/old': '', never: '', 'analysis/status': 'known' } },
      pod,
    });
    expect(second.action.status).toBe('success');
    expect(await now('cart')).toMatchObject({ 'analysis/status': 'known' });
    expect(await now('cart')).not.toHaveProperty(['falco-talon.org/old']);
  });

  it('marks the node the pod runs on', async (test) => {
    if (cluster.run.cluster.node === undefined) test.skip('no node is ready');
    const pod = await startPod(cluster, { name: 'on-a-node' });
    const node = { name: pod.spec.nodeName! };
    const mark = `falco-talon-e2e/${cluster.run.id}`;
    const read = async () => (await cluster.client.get(NODES, node, { signal: cluster.signal })).metadata[key] ?? {};
    const set = await respond(cluster, { actionner, parameters: { [key]: { [mark]: 'seen' }, level: 'node' }, pod });
    expect(set.action).toMatchObject({ status: 'success', objects: { node: node.name } });
    expect(await read()).toHaveProperty([mark], 'seen');
    const unset = await respond(cluster, { actionner, parameters: { [key]: { [mark]: '' }, level: 'node' }, pod });
    expect(unset.action.status).toBe('success');
    expect(await read()).not.toHaveProperty([mark]);
  });

  it('leaves a pod alone that was re-created under the name', async () => {
    const pod = await startPod(cluster, { name: 'again' });
    const { action } = await respond(cluster, {
      actionner,
      parameters: { [key]: { mark: 'x' } },
      pod,
      fields: { 'k8s.pod.uid': '00000000-0000-0000-0000-000000000000' },
    });
    expect(action).toMatchObject({ status: 'failure' });
    expect(action.error).toContain('uid');
    expect(await now('again')).not.toHaveProperty('mark');
  });

  it('names the right that is missing', async () => {
    const pod = await startPod(cluster, { name: 'kept' });
    const { action } = await respond(cluster, {
      actionner,
      parameters: { [key]: { mark: 'x' } },
      pod,
      without: 'patch pods',
    });
    expect(action.status).toBe('failure');
    expect(action.error).toMatch(/not allowed to patch pods/);
    expect(await now('kept')).not.toHaveProperty('mark');
  });

  it('fails once for a pod that is gone', async () => {
    const { action } = await respond(cluster, {
      actionner,
      parameters: { [key]: { mark: 'x' } },
      fields: { 'k8s.ns.name': cluster.namespace, 'k8s.pod.name': 'never-was' },
    });
    expect(action.status).toBe('failure');
    expect(action.error).toContain('never-was');
  });

  it('only says so in a dry run', async () => {
    const pod = await startPod(cluster, { name: 'dry' });
    const { action } = await respond(cluster, { actionner, parameters: { [key]: { mark: 'x' } }, pod, dryRun: true });
    expect(action.status).toBe('dry_run');
    expect(await now('dry')).not.toHaveProperty('mark');
  });
});
