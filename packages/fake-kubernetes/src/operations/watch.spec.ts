import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { pod } from '../workloads/pod.ts';

let fake: FakeKubernetes;
let api: Client;
beforeEach(async () => {
  fake = await startFakeKubernetes({ objects: [pod({ name: 'a', namespace: 'shop' })] });
  api = client(fake);
});
afterEach(async () => {
  api.close();
  await fake.close();
});

async function watched(query: string, meanwhile: () => void, path = '/api/v1/namespaces/shop/pods'): Promise<unknown> {
  const answering = api.call('GET', `${path}?watch=true&${query}`);
  await fake.watches.until(1);
  meanwhile();
  fake.watches.end();
  const { text } = await answering;
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => {
    const { type, object } = JSON.parse(line) as { type: string; object: { metadata: { name?: string } } };
    return `${type} ${object.metadata.name ?? ''}`.trim();
  });
}
const now = () => fake.objects('pods').at(-1)?.metadata.resourceVersion ?? '';

it('selects by name and by node, in one namespace or all', async () => {
  const from = `resourceVersion=${now()}`;
  const make = (): void => {
    fake.create(
      pod({ name: 'b', namespace: 'shop', node: 'node-2' }),
      pod({ name: 'c', namespace: 'other', node: 'node-2' }),
    );
  };
  expect(await watched(`${from}&fieldSelector=metadata.name%3Db`, make)).toEqual(['ADDED b']);
  expect(await watched(`${from}&fieldSelector=spec.nodeName%3Dnode-2`, () => undefined, '/api/v1/pods')).toEqual([
    'ADDED b',
    'ADDED c',
  ]);
});

it('goes on from a version as long as its changes are kept', async () => {
  const before = now();
  fake.change('pods', 'shop', 'a', (one) => (one.metadata.labels = { x: '1' }));
  expect(await watched(`resourceVersion=${before}`, () => undefined)).toEqual(['MODIFIED a']);
  const after = now();
  fake.compact();
  const { text } = await api.call('GET', `/api/v1/namespaces/shop/pods?watch=1&resourceVersion=${before}`);
  expect(JSON.parse(text)).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  expect(await watched(`resourceVersion=${after}`, () => undefined)).toEqual([]);
});

it('shows other kinds, and events under both names', async () => {
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'shop' },
    involvedObject: { kind: 'Pod', name: 'a', namespace: 'shop' },
    reason: 'Started',
  };
  const path = '/apis/events.k8s.io/v1/namespaces/shop/events';
  const { version } = { version: now() };
  expect(await watched(`resourceVersion=${version}`, () => void fake.create(event), path)).toEqual(['ADDED e']);
});

it('ends when its time is over, and when the client has gone', async () => {
  const { text } = await api.call('GET', `/api/v1/pods?watch=1&timeoutSeconds=1&resourceVersion=${now()}`);
  expect(text).toBe('');
  await fake.watches.until(0);
  const cut = api.call('GET', '/api/v1/pods?watch=1').catch(() => 'cut');
  await fake.watches.until(1);
  fake.closeConnections();
  expect(await cut).toBe('cut');
  await fake.watches.until(0);
});
