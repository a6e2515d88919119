import { join } from 'node:path';
import type { ObjectInput, Rule } from '@falco-talon/fake-kubernetes';
import { kubernetes, type DiscoveredResource as Found, type Kubernetes } from '@falco-talon/client-kubernetes';
import { runActionner, testScope } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiObject, auditAlert } from '../../spec/audited.ts';
import { startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { deleteObject } from './delete.ts';

const SETTINGS = { resource: 'configmaps', name: 'settings', namespace: 'shop' };
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.client.resources.find('pods', signal());
});
afterAll(() => cluster.close());
beforeEach(() => {
  cluster.api.remove('configmaps', 'shop', 'settings');
  create(apiObject('ConfigMap', 'settings'));
});

function create(...objects: readonly ObjectInput[]): void {
  cluster.api.create(...objects);
  cluster.api.clearRequests();
}
function run(target: Record<string, unknown>, more = {}) {
  return runActionner(deleteObject, { event: auditAlert(target), clients: { kubernetes: cluster.client }, ...more });
}
const signal = () => ({ signal: new AbortController().signal });
const settings = () => cluster.api.get('configmaps', 'shop', 'settings');

describe('which kind is meant', () => {
  const EVENT = { resource: 'events', name: 'web.1', namespace: 'shop' };

  it('is told by ka.uri when several groups serve the plural', async () => {
    create(apiObject('Event', 'web.1', {}, 'events.k8s.io/v1'));
    const unclear = await run(EVENT);
    expect(unclear.error?.code).toBe('missing_field');
    expect(unclear.message).toBe(
      'several API groups serve events (the core group, events.k8s.io), and only ka.uri, which the alert lacks, tells which one is meant',
    );
    expect(cluster.calls()).toEqual([]);
    const uri = '/apis/events.k8s.io/v1/namespaces/shop/events/web.1';
    expect((await run({ ...EVENT, uri })).status).toBe('success');
    expect(cluster.calls()).toEqual([`GET ${uri}`, `DELETE ${uri}`]);
  });

  it('does not count kinds whose objects cannot be deleted', async () => {
    const served = (group: string, ...verbs: string[]) => ({
      group,
      version: 'v1',
      plural: 'configmaps',
      kind: 'ConfigMap',
      namespaced: true,
      verbs,
    });
    const only = (...rows: ReturnType<typeof served>[]): Kubernetes => {
      const resources = { find: () => Promise.resolve(rows) };
      return { ...cluster.client, resources, reads: (scope) => ({ ...cluster.client.reads(scope), resources }) };
    };
    const metrics = served('metrics.k8s.io', 'get', 'list');
    const clients = { kubernetes: only(metrics, served('', 'get', 'delete')) };
    expect((await run(SETTINGS, { clients, dryRun: true })).status).toBe('dry_run');
    const outcome = await run(SETTINGS, { clients: { kubernetes: only(metrics) } });
    expect(outcome.error?.code).toBe('unsupported');
    expect(outcome.message).toBe('objects of the kind configmaps cannot be deleted');
  });

  it('is unsupported when the cluster serves none', async () => {
    expect((await run({ ...SETTINGS, resource: 'widgets' })).error?.code).toBe('unsupported');
    const uri = '/apis/apps/v1/namespaces/shop/configmaps/settings';
    expect((await run({ ...SETTINGS, uri })).message).toContain('no resource "configmaps" in API group "apps"');
    expect(writes(cluster.api)).toBe(0);
  });

  it.each([
    '/api/v1/namespaces/shop/secrets/settings',
    '/api/v1/namespaces/shop/configmaps/other',
    '/api/v1/namespaces/other/configmaps/settings',
    '/api/v1/namespaces/shop/../kube-system/configmaps/settings',
    '/apis/../api/v1/namespaces/shop/configmaps/settings',
    'https://example.com/api/v1/namespaces/shop/configmaps/settings',
    '/healthz',
    '%2fapi',
    '\0',
    '../../kube-system/pods/etcd-0',
  ])('is not believed of %j', async (uri) => {
    expect((await run({ ...SETTINGS, uri })).error?.code).toBe('invalid_value');
    expect(cluster.calls()).toEqual([]);
  });
});

describe('the rights it names', () => {
  const granted = deleteObject.permissions.flatMap((permission) =>
    permission.kind === 'kubernetes'
      ? permission.resources.map((plural) => ({ plural, group: permission.apiGroup, verbs: permission.verbs }))
      : [],
  );
  async function clientWith(user: string, rules: readonly Rule[]): Promise<Kubernetes> {
    cluster.api.addUser({ name: user, rules });
    const kubeconfig = join(cluster.folder, user);
    await cluster.api.writeKubeconfig(kubeconfig, { user });
    const environment = { variables: {}, homeDirectory: cluster.folder };
    return kubernetes.create({ ...testScope(), settings: { kubeconfig, namespace: '' }, environment });
  }

  it('are enough for each kind they are for, and name what is missing for another', async () => {
    const rules = granted.map(({ plural, group, verbs }) => ({ apiGroups: [group], resources: [plural], verbs }));
    const client = await clientWith('deleter', rules);
    try {
      for (const { plural, group } of granted) {
        const [{ kind, version, namespaced }] = (await client.resources.find(plural, { ...signal(), group })) as [
          Found,
        ];
        const apiVersion = group === '' ? version : `${group}/${version}`;
        create(apiObject(kind, 'tmp', {}, apiVersion, namespaced ? 'shop' : ''));
        const outcome = await run(
          { resource: plural, name: 'tmp', namespace: 'shop' },
          { clients: { kubernetes: client } },
        );
        expect(outcome).toMatchObject({ status: 'success', error: undefined });
      }
      const outcome = await run({ resource: 'nodes', name: 'tmp' }, { clients: { kubernetes: client } });
      expect(outcome.error?.code).toBe('forbidden');
      expect(outcome.message).toContain('not allowed to get nodes tmp');
    } finally {
      await kubernetes.close?.(client);
    }
  });

  it('are needed: with one verb less the failure names it', async () => {
    for (const [verb, other] of [
      ['get', 'delete'],
      ['delete', 'get'],
    ] as const) {
      const client = await clientWith(`no-${verb}`, [{ apiGroups: [''], resources: ['configmaps'], verbs: [other] }]);
      const outcome = await run(SETTINGS, { clients: { kubernetes: client } });
      await kubernetes.close?.(client);
      expect(outcome.error).toMatchObject({ code: 'forbidden', retryable: false });
      expect(outcome.message).toContain(`not allowed to ${verb} configmaps shop/settings`);
    }
    expect(settings()).toBeDefined();
  });
});

describe('what is protected', () => {
  it.each(['kube-system', 'kube-public', 'kube-node-lease'])('is %s and all in it', async (namespace) => {
    create(apiObject('ConfigMap', 'settings', {}, 'v1', namespace));
    for (const target of [
      { ...SETTINGS, namespace },
      { resource: 'namespaces', name: namespace, namespace },
      { resource: 'namespaces', name: namespace },
    ]) {
      for (const dryRun of [true, false]) {
        expect((await run(target, { dryRun })).error).toMatchObject({ code: 'refused', retryable: false });
      }
    }
    expect(cluster.calls()).toEqual([]);
  });

  it('is refused by the client too, whatever the check found', async () => {
    const facts = {
      uid: 'uid-1',
      terminating: false,
      resource: { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true },
    };
    const outcome = await run({ ...SETTINGS, namespace: 'kube-system' }, { facts });
    expect(outcome.error?.code).toBe('refused');
    expect(cluster.calls()).toEqual([]);
  });
});
