import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import type { Json } from '../json.ts';
import { at, textAt } from '../json.ts';
import type { Called, Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { pod } from '../workloads/pod.ts';
import { deployment, namespace } from '../workloads/workloads.ts';

let fake: FakeKubernetes;
let api: Client;
beforeEach(async () => {
  fake = await startFakeKubernetes({
    objects: [namespace('shop'), pod({ name: 'cart', namespace: 'shop', labels: { app: 'cart' } })],
  });
  api = client(fake);
});
afterEach(async () => {
  api.close();
  await fake.close();
});

const POD = '/api/v1/namespaces/shop/pods/cart';
const JOBS = '/apis/batch/v1/namespaces/shop/jobs';
const merge = (path: string, body: Json): Promise<Called> =>
  api.call('PATCH', path, { type: 'application/merge-patch+json', body });
const version = (answer: Called): string => textAt(answer.body, 'metadata', 'resourceVersion');

describe('a write', () => {
  it('that changes nothing keeps the version, one that does raises it', async () => {
    const before = await api.call('GET', POD);
    expect(version(await merge(POD, { metadata: { labels: { app: 'cart', none: null } } }))).toBe(version(before));
    expect(version(await merge(POD, { status: { phase: 'Failed' } }))).toBe(version(before));
    const after = await merge(POD, { metadata: { labels: { app: 'other' } } });
    expect(Number(version(after))).toBeGreaterThan(Number(version(before)));
  });

  it('of a status leaves everything else alone', async () => {
    const body = { metadata: { labels: { app: 'other' } }, spec: { nodeName: 'x' }, status: { phase: 'Failed' } };
    expect((await merge(`${POD}/status`, body)).status).toBe(200);
    const stored = fake.get('pods', 'shop', 'cart');
    expect([textAt(stored, 'status', 'phase'), stored?.metadata.labels, textAt(stored, 'spec', 'nodeName')]).toEqual([
      'Failed',
      { app: 'cart' },
      'node-1',
    ]);
  });

  it('in a dry run is answered and not stored', async () => {
    const patched = await merge(`${POD}?dryRun=All`, { metadata: { labels: { dry: 'yes' } } });
    expect(at(patched.body, 'metadata', 'labels', 'dry')).toBe('yes');
    expect(fake.get('pods', 'shop', 'cart')?.metadata.labels).toEqual({ app: 'cart' });
    expect((await merge(`${POD}?dryRun=Some`, {})).status).toBe(422);
  });

  it('through PUT replaces the object, guarded by its version', async () => {
    const object = (await api.call('GET', POD)).body as { metadata: Record<string, Json> };
    object.metadata['labels'] = { put: 'yes' };
    expect((await api.call('PUT', POD, { body: object as Json })).status).toBe(200);
    expect(fake.get('pods', 'shop', 'cart')?.metadata.labels).toEqual({ put: 'yes' });
    const stale = await api.call('PUT', POD, { body: object as Json });
    expect([stale.status, textAt(stale.body, 'reason')]).toEqual([409, 'Conflict']);
  });

  it('of a type the kind does not have is refused before anything is stored', async () => {
    const body = { metadata: { name: 'x', labels: { n: 5 } }, spec: { containers: [{ name: 'a', image: 'b' }] } };
    const refused = await api.call('POST', '/api/v1/namespaces/shop/pods', { body });
    expect([refused.status, textAt(refused.body, 'message')]).toEqual([
      400,
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ]);
  });

  it('larger than the limit is refused', async () => {
    const body = { metadata: { annotations: { big: 'x'.repeat(4 * 1024 * 1024) } } };
    expect((await merge(POD, body)).status).toBe(413);
    const annotations = { big: 'x'.repeat(300 * 1024) };
    expect((await merge(POD, { metadata: { annotations } })).status).toBe(422);
  });
});

describe('kinds', () => {
  it('of batch are stored', async () => {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b:1' }] } };
    const created = await api.call('POST', JOBS, {
      body: { metadata: { generateName: 'capture-' }, spec: { template } },
    });
    expect(created.status).toBe(201);
    const name = textAt(created.body, 'metadata', 'name');
    expect(name).toMatch(/^capture-[a-z0-9]{5}$/);
    const body = { propagationPolicy: 'Background' };
    expect((await api.call('DELETE', `${JOBS}/${name}`, { body })).body).toMatchObject({
      status: 'Success',
      details: { group: 'batch', kind: 'jobs' },
    });
  });

  it('of apps keep their selector', async () => {
    fake.create(...deployment({ name: 'web', namespace: 'shop' }));
    const refused = await merge('/apis/apps/v1/namespaces/shop/deployments/web', {
      spec: { selector: { matchLabels: { x: 'y' } } },
    });
    expect([refused.status, textAt(refused.body, 'message')]).toEqual([
      422,
      'Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"web","x":"y"}}: field is immutable',
    ]);
  });

  it('and subresources nobody implemented say so', async () => {
    const answer = await api.call('GET', `${POD}/portforward?ports=80`);
    expect([answer.status, textAt(answer.body, 'message')]).toEqual([
      501,
      'fake-kubernetes does not serve get of pods/portforward',
    ]);
  });

  it('of an unknown plural are a mistake of the test', () => {
    expect(() => fake.get('widgets', 'shop', 'x')).toThrow('fake-kubernetes serves no resource "widgets"');
    expect(() => fake.create({ apiVersion: 'v9', kind: 'Widget', metadata: { name: 'x' } })).toThrow(
      'serves no Widget of v9',
    );
  });
});

describe('a terminating namespace', () => {
  it('takes nothing new and lets old things change and go', async () => {
    expect((await api.call('DELETE', '/api/v1/namespaces/shop')).status).toBe(200);
    const body = { metadata: { name: 'late' }, spec: { podSelector: {} } };
    const refused = await api.call('POST', '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies', { body });
    expect([refused.status, at(refused.body, 'details', 'causes', 0, 'reason')]).toEqual([403, 'NamespaceTerminating']);
    expect((await merge(POD, { metadata: { labels: { q: '1' } } })).status).toBe(200);
    expect((await api.call('DELETE', POD)).status).toBe(200);
  });
});
