import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { textAt } from '../json.ts';
import type { Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { pod } from '../workloads/pod.ts';
import type { Rule } from './users.ts';
import { serviceAccount } from './users.ts';

const TALON = 'system:serviceaccount:talon:engine';
const POD = '/api/v1/namespaces/shop/pods/cart';
const RULES: readonly Rule[] = [
  { resources: ['pods', 'pods/log'], verbs: ['get'], namespace: 'shop' },
  { apiGroups: ['networking.k8s.io'], resources: ['*'], verbs: ['*'], resourceNames: ['deny'] },
];
let fake: FakeKubernetes;
let api: Client;
beforeEach(async () => {
  fake = await startFakeKubernetes({
    objects: [pod({ name: 'cart', namespace: 'shop' }), pod({ name: 'cart', namespace: 'other' })],
    users: [serviceAccount('talon', 'engine', RULES)],
  });
  api = client(fake);
});
afterEach(async () => {
  api.close();
  await fake.close();
});

const status = async (method: string, path: string): Promise<number> =>
  (await api.call(method, path, { as: TALON })).status;

it.each([
  ['PUT', 'application/json'],
  ['PATCH', 'application/apply-patch+yaml'],
])('a %s that makes the object wants the right to create it', async (method, type) => {
  const rules: Rule[] = [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['update', 'patch'] }];
  fake.addUser({ name: 'bob', rules });
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l', namespace: 'shop' } };
  const path = '/apis/coordination.k8s.io/v1/namespaces/shop/leases/l?fieldManager=x';
  const send = () => api.call(method, path, { as: 'bob', headers: { 'content-type': type }, body: lease });
  const refused = await send();
  expect([refused.status, textAt(refused.body, 'message')]).toEqual([
    403,
    'leases.coordination.k8s.io "l" is forbidden: User "bob" cannot create resource "leases" in API group "coordination.k8s.io" in the namespace "shop"',
  ]);
  fake.addUser({ name: 'bob', rules: [...rules, { ...rules[0]!, verbs: ['create'] }] });
  expect((await send()).status).toBe(201);
  fake.remove('leases', 'shop', 'l');
});

function fromKubeconfig(text: string, key: string): string {
  return Buffer.from(new RegExp(`${key}: (.*)`).exec(text)?.[1] ?? '', 'base64').toString();
}

function certificateOf(text: string): { cert: string; key: string } {
  return { cert: fromKubeconfig(text, 'client-certificate-data'), key: fromKubeconfig(text, 'client-key-data') };
}

describe('rules', () => {
  it('grant verbs on resources, in their namespace, by name', async () => {
    expect(await status('GET', POD)).toBe(200);
    expect(await status('GET', `${POD}/log`)).toBe(200);
    expect(await status('GET', '/api/v1/namespaces/other/pods/cart')).toBe(403);
    expect(await status('DELETE', POD)).toBe(403);
    expect(await status('GET', '/api/v1/namespaces/shop/pods')).toBe(403);
    const policies = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
    expect(await status('GET', `${policies}/deny`)).toBe(404);
    expect(await status('GET', `${policies}/allow`)).toBe(403);
  });

  it('come from stored roles and bindings too, for accounts and groups', async () => {
    const rbac = 'rbac.authorization.k8s.io/v1';
    const roleRef = (kind: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: 'killer' });
    fake.create(
      {
        apiVersion: rbac,
        kind: 'Role',
        metadata: { name: 'killer', namespace: 'shop' },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['delete'] }],
      },
      {
        apiVersion: rbac,
        kind: 'RoleBinding',
        metadata: { name: 'b', namespace: 'shop' },
        roleRef: roleRef('Role'),
        subjects: [{ kind: 'ServiceAccount', name: 'engine', namespace: 'talon' }],
      },
    );
    expect(await status('DELETE', POD)).toBe(200);
    expect(await status('DELETE', '/api/v1/namespaces/other/pods/cart')).toBe(403);
    fake.create(
      {
        apiVersion: rbac,
        kind: 'ClusterRole',
        metadata: { name: 'killer' },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['delete'] }],
      },
      {
        apiVersion: rbac,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'b' },
        roleRef: roleRef('ClusterRole'),
        subjects: [{ kind: 'Group', name: 'system:serviceaccounts:talon' }],
      },
    );
    expect(await status('DELETE', '/api/v1/namespaces/other/pods/cart')).toBe(200);
  });
});

describe('credentials', () => {
  it('of a kubeconfig are a token or a certificate', async () => {
    const byToken = fake.kubeconfig({ user: TALON, namespace: 'talon' });
    expect(byToken).toContain(`server: ${fake.url}\n`);
    expect(byToken).toContain(`token: ${JSON.stringify(fake.tokenOf(TALON))}`);
    expect(fromKubeconfig(byToken, 'certificate-authority-data')).toBe(fake.ca);
    const certificate = certificateOf(fake.kubeconfig({ user: TALON, auth: 'certificate' }));
    expect((await api.call('GET', POD, { certificate })).status).toBe(200);
    expect(fake.requests.at(-1)?.user).toBe(TALON);
    const admin = client(fake);
    expect(
      (await admin.call('DELETE', POD, { certificate: certificateOf(fake.kubeconfig({ auth: 'certificate' })) }))
        .status,
    ).toBe(200);
    admin.close();
  });

  it('of a service account are files as a pod finds them', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'fake-kubernetes-'));
    await fake.serviceAccountDirectory(directory, TALON);
    const read = (name: string): Promise<string> => readFile(join(directory, name), 'utf8');
    expect(await read('namespace')).toBe('talon');
    expect(await read('token')).toBe(fake.tokenOf(TALON));
    expect(new X509Certificate(await read('ca.crt')).ca).toBe(true);
    await rm(directory, { recursive: true });
  });

  it('stop to count when they are rotated', async () => {
    const old = fake.tokenOf(TALON);
    fake.rotateToken(TALON);
    expect((await api.call('GET', POD, { token: old })).status).toBe(401);
    expect((await api.call('GET', POD, { as: TALON })).status).toBe(200);

    const certificate = certificateOf(fake.kubeconfig({ auth: 'certificate' }));
    const ca = fake.ca;
    fake.rotateCertificates();
    expect(fake.ca).not.toBe(ca);
    const later = client(fake);
    const refused = await later.call('GET', POD, { certificate });
    expect([refused.status, textAt(refused.body, 'reason')]).toEqual([401, 'Unauthorized']);
    later.close();
  });

  it('come from an authority that signs itself', () => {
    const authority = new X509Certificate(fake.ca);
    expect(authority.verify(authority.publicKey)).toBe(true);
    expect(authority.subject).toBe(authority.issuer);
  });

  it('keep an open connection alive over a rotation of the authority', async () => {
    await api.call('GET', POD);
    fake.rotateCertificates();
    expect((await api.call('GET', POD)).status).toBe(200);
    fake.closeConnections();
    const later = client(fake);
    expect((await later.call('GET', POD)).status).toBe(200);
    later.close();
  });
});
