import { runActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { auditAlert } from '../../spec/audited.ts';
import { startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { deleteObject } from './delete.ts';

const GROUP = 'rbac.authorization.k8s.io';
let cluster: TestCluster;
const account = (namespace: string, name = 'falco-talon') => ({ kind: 'ServiceAccount', name, namespace });
const user = (name: string) => ({ kind: 'User', name });
const group = (name: string) => ({ kind: 'Group', name });
const binding = (name: string, role: string, subjects: readonly object[], namespace?: string) => ({
  apiVersion: `${GROUP}/v1`,
  kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
  metadata: { name, ...(namespace !== undefined && { namespace }) },
  roleRef: { apiGroup: GROUP, kind: role.startsWith('local') ? 'Role' : 'ClusterRole', name: role },
  subjects,
});
const role = (name: string, namespace?: string) => ({
  apiVersion: `${GROUP}/v1`,
  kind: namespace === undefined ? 'ClusterRole' : 'Role',
  metadata: { name, ...(namespace !== undefined && { namespace }) },
  rules: [],
});

beforeAll(async () => {
  cluster = await startCluster({
    objects: [
      binding('its-rights', 'acts', [user('a'), account('falco')]),
      binding('its-rights-in-shop', 'acts-in-shop', [account('falco')], 'shop'),
      binding('its-local-rights', 'local-acts', [account('falco')], 'shop'),
      binding('by-user', 'acts-by-user', [user('system:serviceaccount:falco:falco-talon')]),
      binding('by-group', 'acts-by-group', [group('system:serviceaccounts:falco')], 'shop'),
      binding('by-every-account', 'acts-by-every-account', [group('system:serviceaccounts')]),
      binding('of-others', 'other', [
        account('shop'),
        ...['falco', 'system:serviceaccount:falco-2:x', 'system:serviceaccounts:falco'].map(user),
        ...['system:authenticated', 'system:serviceaccounts:falco-2'].map(group),
      ]),
      ...['acts', 'acts-in-shop', 'other', 'unbound'].map((name) => role(name)),
      ...['user', 'group', 'every-account'].map((name) => role(`acts-by-${name}`)),
      role('local-acts', 'shop'),
      role('local-acts', 'other'),
    ],
  });
});
afterAll(() => cluster.close());

function remove(resource: string, name: string, namespace?: string, facts?: Readonly<Record<string, unknown>>) {
  return runActionner(deleteObject, {
    event: auditAlert({ resource, name, ...(namespace !== undefined && { namespace }) }),
    settings: { kubernetes: { ...cluster.settings.kubernetes, namespace: 'falco' } },
    ...(facts && { facts }),
  });
}

it.each([
  ['clusterrolebindings', 'its-rights'],
  ['rolebindings', 'its-rights-in-shop', 'shop'],
  ['clusterroles', 'acts'],
  ['clusterroles', 'acts-in-shop'],
  ['roles', 'local-acts', 'shop'],
  ['clusterrolebindings', 'by-user'],
  ['rolebindings', 'by-group', 'shop'],
  ['clusterrolebindings', 'by-every-account'],
  ['clusterroles', 'acts-by-user'],
  ['clusterroles', 'acts-by-group'],
  ['clusterroles', 'acts-by-every-account'],
])('what Falco Talon has its own rights by is never deleted: %s %s', async (resource, name, namespace?: string) => {
  const outcome = await remove(resource, name, namespace);
  expect(outcome).toMatchObject({ status: 'failure', error: { code: 'refused', retryable: false } });
  expect(outcome.message).toContain('Falco Talon has rights of its own by it');
  expect(writes(cluster.api)).toBe(0);
});

it('the client refuses it too, when nothing is looked at before', async () => {
  const resource = { group: GROUP, version: 'v1', plural: 'clusterroles', kind: 'ClusterRole', namespaced: false };
  const outcome = await remove('clusterroles', 'acts', undefined, { uid: 'x', resource });
  expect(outcome).toMatchObject({ error: { code: 'refused' } });
  expect(writes(cluster.api)).toBe(0);
});

it.each([
  ['clusterrolebindings', 'of-others'],
  ['clusterroles', 'other'],
  ['clusterroles', 'unbound'],
  ['roles', 'local-acts', 'other'],
])('what is of others may be: %s %s', async (resource, name, namespace?: string) => {
  expect(await remove(resource, name, namespace)).toMatchObject({ status: 'success' });
});

it('without the right to tell, a role is left alone, and the right is named', async () => {
  cluster.api.addUser({
    name: 'no-list',
    rules: [{ apiGroups: [GROUP], resources: ['clusterroles'], verbs: ['get', 'delete'] }],
  });
  const kubeconfig = `${cluster.folder}/no-list`;
  await cluster.api.writeKubeconfig(kubeconfig, { user: 'no-list' });
  const outcome = await runActionner(deleteObject, {
    event: auditAlert({ resource: 'clusterroles', name: 'acts' }),
    settings: { kubernetes: { kubeconfig, namespace: 'falco' } },
  });
  expect(outcome.error?.code).toBe('forbidden');
  expect(outcome.message).toMatch(/not allowed to list \w*rolebindings/);
});
