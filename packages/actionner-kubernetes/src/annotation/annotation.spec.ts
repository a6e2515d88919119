import { node, pod } from '@falco-talon/fake-kubernetes';
import { auditEvent, runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertAbout, hanging, startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { annotation } from './annotation.ts';

const POD = '/api/v1/namespaces/shop/pods/cart-0';
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ objects: [node({ name: 'node-1' })] });
});
afterAll(() => cluster.close());
beforeEach(() => {
  cluster.api.clearFaults();
  for (const { metadata } of cluster.api.objects('pods', 'shop')) cluster.api.remove('pods', 'shop', metadata.name);
  cluster.api.create(pod({ name: 'cart-0', namespace: 'shop', uid: 'uid-1', annotations: { note: 'old' } }));
  cluster.api.clearRequests();
});

function run(parameters: Record<string, unknown>, fields: Record<string, unknown> = {}, more = {}) {
  return runActionner(annotation, {
    event: alertAbout('cart-0', fields),
    parameters,
    clients: { kubernetes: cluster.client },
    ...more,
  });
}
const annotations = () => cluster.api.get('pods', 'shop', 'cart-0')?.metadata.annotations;
const nodeAnnotations = () => cluster.api.get('nodes', '', 'node-1')?.metadata.annotations;

testActionner(annotation, {
  events: () => [alertAbout('cart-0', { 'k8s.pod.uid': 'uid-1' }), auditEvent({ fields: auditFields })],
  clients: () => ({ kubernetes: cluster.client }),
  snapshot: () => [annotations(), nodeAnnotations(), writes(cluster.api)],
  hang: () => hanging(cluster.api),
  prepare: () => cluster.api.clearRequests(),
});
const auditFields = { 'ka.target.resource': 'pods', 'ka.target.name': 'cart-0', 'ka.target.namespace': 'shop' };

describe('annotation', () => {
  it('sets and removes annotations with one call', async () => {
    const outcome = await run({ annotations: { note: '', 'example.com/why': 'two\nlines ü', n: 5, absent: '' } });
    expect(outcome).toMatchObject({ status: 'success', objects: { pod: 'cart-0', namespace: 'shop' } });
    expect(outcome.message).toBe(
      'annotated pod shop/cart-0: note removed, example.com/why="two\\nlines ü", n=5, absent removed',
    );
    expect(annotations()).toEqual({ 'example.com/why': 'two\nlines ü', n: '5' });
    expect(cluster.calls()).toEqual([`PATCH ${POD}`]);
  });

  it('works on a pod without any, and leaves labels alone', async () => {
    const labels = cluster.api.get('pods', 'shop', 'cart-0')?.metadata.labels;
    cluster.api.change('pods', 'shop', 'cart-0', (object) => void delete object.metadata.annotations);
    await run({ annotations: { a: 'b' } });
    expect(annotations()).toEqual({ a: 'b' });
    expect(cluster.api.get('pods', 'shop', 'cart-0')?.metadata.labels).toEqual(labels);
  });

  it('takes values as written: no tokens', async () => {
    await run({ annotations: { note: '${PROC_NAME} $(reboot)' } });
    expect(annotations()).toEqual({ note: '${PROC_NAME} $(reboot)' });
  });

  it('says what it wrote in one short line, however much that is', async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`note-${index}`, 'x'.repeat(1000)]));
    const outcome = await run({ annotations: many });
    expect(outcome.message.length).toBeLessThan(2000);
    expect(outcome.message).toMatch(/^[^\n]* and 10 more$/);
    expect(annotations()).toMatchObject(many);
  });

  it('annotates the node of the pod with two calls', async () => {
    const outcome = await run({ annotations: { seen: 'true' }, level: 'node' });
    expect(outcome.message).toBe('annotated node node-1 of pod shop/cart-0: seen=true');
    expect(outcome.objects).toEqual({ pod: 'cart-0', namespace: 'shop', node: 'node-1' });
    expect(nodeAnnotations()).toMatchObject({ seen: 'true' });
    expect(annotations()).toEqual({ note: 'old' });
    expect(cluster.calls()).toEqual([`GET ${POD}`, 'PATCH /api/v1/nodes/node-1']);
  });

  it('leaves a pod alone that was re-created under the same name', async () => {
    const outcome = await run({ annotations: { a: 'b' } }, { 'k8s.pod.uid': 'uid-0' });
    expect(outcome.error?.code).toBe('target_gone');
    expect(annotations()).toEqual({ note: 'old' });
  });

  it('hands on what the API server says when the pod has no room for more', async () => {
    cluster.api.change(
      'pods',
      'shop',
      'cart-0',
      ({ metadata }) => void (metadata.annotations = { note: 'x'.repeat(262_000) }),
    );
    const outcome = await run({ annotations: { more: 'x'.repeat(500) } });
    expect(outcome.error).toMatchObject({ code: 'rejected', retryable: false });
    expect(outcome.message).toContain('Too long');
    expect(outcome.message.length).toBeLessThan(500);
  });

  it('in a dry run tells what it would do', async () => {
    const outcome = await run({ annotations: { a: 'b', note: '' } }, {}, { dryRun: true });
    expect(outcome.message).toBe('would annotate pod shop/cart-0: a=b, note removed');
    expect(cluster.calls()).toEqual([`GET ${POD}`]);
  });

  it('refuses what the API would refuse when the rules load', async () => {
    await expect(run({ annotations: { 'bad key': 'x' } })).rejects.toThrow("cannot be an annotation's key");
    await expect(run({ annotations: {} })).rejects.toThrow('at least 1 entry');
    await expect(run({ annotations: { a: 'x'.repeat(262_144) } })).rejects.toThrow('262145 bytes');
    await expect(run({ annotations: { a: 'b' }, level: 'namespace' })).rejects.toThrow('level');
    expect(cluster.calls()).toEqual([]);
  });
});
