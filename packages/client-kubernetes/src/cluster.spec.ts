import {
  deployment,
  pod,
  serviceAccount,
  startFakeKubernetes,
  type FakeKubernetes,
} from '@falco-talon/fake-kubernetes';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { open, QUICK, scope, type Opened } from '../spec/loopback-api.ts';
import { createKubernetes } from './client.ts';
import { DEPLOYMENTS, kubernetes, kubernetesFailure, NETWORK_POLICIES, PODS, type Kubernetes } from './index.ts';

const CART = { namespace: 'shop', name: 'cart' };
const RESTRICTED = serviceAccount('falco', 'restricted', [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);

let opened: Opened;
let cluster: FakeKubernetes;
let client: Kubernetes;

beforeEach(async () => {
  opened = await open();
  cluster = await startFakeKubernetes({
    objects: [pod({ name: 'cart', namespace: 'shop' }), ...deployment({ name: 'web', namespace: 'shop', replicas: 0 })],
    users: [RESTRICTED],
  });
  client = await opened.client(await opened.file('config', cluster.kubeconfig()));
});
afterEach(async () => {
  await opened.close();
  await cluster.close();
});

it('reads, labels, replaces and deletes', async () => {
  const found = await client.get(PODS, CART, opened);
  expect(found.metadata).toMatchObject({ name: 'cart', namespace: 'shop' });
  const labels = { 'analysis/status': 'suspicious' };
  const labelled = await client.patch(PODS, CART, { type: 'merge', body: { metadata: { labels } } }, opened);
  expect(labelled.metadata.labels).toMatchObject(labels);
  const web = await client.get(DEPLOYMENTS, { namespace: 'shop', name: 'web' }, opened);
  const stale = { ...web, metadata: { ...web.metadata, resourceVersion: '1' } };
  await expect(client.replace(DEPLOYMENTS, { namespace: 'shop', name: 'web' }, stale, opened)).rejects.toMatchObject({
    code: 'conflict',
    retryable: true,
  });
  await expect(client.delete(PODS, CART, { ...opened, uid: 'another' })).rejects.toMatchObject({
    code: 'conflict',
    retryable: false,
  });
  await client.delete(PODS, CART, { ...opened, uid: found.metadata.uid, gracePeriodSeconds: 0 });
  await expect(client.get(PODS, CART, opened)).rejects.toMatchObject({ code: 'target_gone' });
});

it('a dry run changes nothing', async () => {
  await client.delete(PODS, CART, { ...opened, dryRun: true, gracePeriodSeconds: 0 });
  expect(await client.get(PODS, CART, opened)).toMatchObject({ metadata: { name: 'cart' } });
});

it('applies a policy, meets the conflict of another manager, and takes over', async () => {
  const policy = (role: string) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'deny', namespace: 'shop', labels: { role } },
    spec: { podSelector: {}, policyTypes: ['Egress'] },
  });
  const name = { namespace: 'shop', name: 'deny' };
  const mine = { ...opened, fieldManager: 'talon', force: false };
  expect(await client.apply(NETWORK_POLICIES, name, policy('a'), mine)).toMatchObject({ metadata: { name: 'deny' } });
  const other = { ...mine, fieldManager: 'other' };
  const error = await client.apply(NETWORK_POLICIES, name, policy('b'), other).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'conflict', retryable: false });
  expect(kubernetesFailure(error)?.causes[0]).toMatchObject({
    reason: 'FieldManagerConflict',
    field: '.metadata.labels.role',
  });
  await client.apply(NETWORK_POLICIES, name, policy('b'), { ...other, force: true });
  expect(await client.get(NETWORK_POLICIES, name, opened)).toMatchObject({ metadata: { labels: { role: 'b' } } });
});

it('lists page by page, and goes on after its tokens expired', async () => {
  cluster.create(...Array.from({ length: 7 }, (_, n) => pod({ name: `p-${n}`, namespace: 'shop' })));
  cluster.clearRequests();
  const hold = cluster.fault({ kind: 'hold', match: { verb: 'list' }, skip: 1, times: 1 });
  const listing = client.list(PODS, { ...opened, namespace: 'shop', pageSize: 3 });
  await cluster.waitForRequest(({ query }) => query['continue'] !== undefined);
  cluster.expireContinueTokens();
  hold.release();
  const names = (await listing).map(({ metadata }) => metadata.name);
  expect(names).toEqual(['cart', 'p-0', 'p-1', 'p-2', 'p-3', 'p-4', 'p-5', 'p-6']);
  expect(cluster.requests.length).toBe(4);
});

it('reads the log of a container', async () => {
  cluster.setPodLog('shop', 'cart', 'main', 'one\ntwo\nthree\n');
  const chunks: Uint8Array[] = [];
  for await (const chunk of client.podLog(CART, { ...opened, tailLines: 2 })) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('two\nthree\n');
});

describe('rights', () => {
  it('what RBAC refuses is said with verb, resource and user', async () => {
    const restricted = await opened.client(
      await opened.file('restricted', cluster.kubeconfig({ user: RESTRICTED.name })),
    );
    await restricted.get(PODS, CART, opened);
    await expect(restricted.delete(PODS, CART, opened)).rejects.toThrow(
      'not allowed to delete pods shop/cart: pods "cart" is forbidden: User "system:serviceaccount:falco:restricted" cannot delete resource "pods" in API group "" in the namespace "shop"',
    );
    expect(cluster.get('pods', 'shop', 'cart')).toBeDefined();
  });

  it('a client certificate works as well', async () => {
    const config = await opened.file('certificate', cluster.kubeconfig({ auth: 'certificate' }));
    expect(await (await opened.client(config)).get(PODS, CART, opened)).toMatchObject({ kind: 'Pod' });
  });
});

describe('in a cluster', () => {
  const inCluster = async () => {
    const directory = join(opened.directory, 'service-account');
    await cluster.serviceAccountDirectory(directory, RESTRICTED.name);
    const variables = { KUBERNETES_SERVICE_HOST: cluster.host, KUBERNETES_SERVICE_PORT: String(cluster.port) };
    const input = {
      ...scope(opened.signal),
      settings: { kubeconfig: '', namespace: '' },
      environment: { variables, homeDirectory: '/' },
    };
    return { directory, client: await createKubernetes(input, { ...QUICK, credentialsAge: 60_000 }, directory) };
  };

  it('knows its namespace, and is ready', async () => {
    const { client: own } = await inCluster();
    expect(own.ownNamespace).toBe('falco');
    await kubernetes.ready?.(own, scope(opened.signal));
    await kubernetes.close?.(own);
  });

  it('survives new tokens and new certificates without a failed call', async () => {
    const { client: own, directory } = await inCluster();
    const get = () => own.get(PODS, CART, opened);
    await get();
    for (let n = 0; n < 3; n++) {
      cluster.rotateToken(RESTRICTED.name);
      await cluster.serviceAccountDirectory(directory, RESTRICTED.name);
      await Promise.all(Array.from({ length: 20 }, get));
      cluster.rotateCertificates();
      await cluster.serviceAccountDirectory(directory, RESTRICTED.name);
      cluster.closeConnections();
      await Promise.all(Array.from({ length: 20 }, get));
    }
    expect(cluster.connections).toBeLessThanOrEqual(4 * 4 + 3 * 4);
    await kubernetes.close?.(own);
  });
});

describe('faults', () => {
  it('a write that was carried out without an answer has an unknown outcome, and is not sent again', async () => {
    cluster.fault({ kind: 'lost-answer', match: { verb: 'delete' } });
    await expect(client.delete(PODS, CART, { ...opened, gracePeriodSeconds: 0 })).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    expect(cluster.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
    expect(cluster.get('pods', 'shop', 'cart')).toBeUndefined();
  });

  it('half of all reads failing is not noticed', async () => {
    let n = 0;
    cluster.fault({ kind: 'status', status: 500, match: () => n++ % 2 === 0 });
    for (let call = 0; call < 10; call++) await client.get(PODS, CART, opened);
    expect(cluster.requests).toHaveLength(20);
  });

  it('a hung call does not touch the others', async () => {
    cluster.fault({ kind: 'hang', match: { name: 'hung' } });
    const abort = new AbortController();
    const hung = client.get(PODS, { namespace: 'shop', name: 'hung' }, { signal: abort.signal });
    await Promise.all(Array.from({ length: 50 }, () => client.get(PODS, CART, opened)));
    abort.abort();
    await expect(hung).rejects.toMatchObject({ code: 'aborted' });
    expect(cluster.connections).toBeLessThanOrEqual(4);
  });
});
