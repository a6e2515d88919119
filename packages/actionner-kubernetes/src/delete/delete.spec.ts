import { join } from 'node:path';
import { pod, type ObjectInput, type Rule } from '@falco-talon/fake-kubernetes';
import { kubernetes, type DiscoveredResource as Found, type Kubernetes } from '@falco-talon/client-kubernetes';
import { askSettled, auditEvent, runActionner, testActionner, testScope } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hanging, startCluster, writes, type TestCluster } from '../../spec/cluster.ts';
import { deleteObject } from './delete.ts';

const CONFIG_MAP = '/api/v1/namespaces/shop/configmaps/settings';
const SETTINGS = { resource: 'configmaps', name: 'settings', namespace: 'shop' };
const KINDS = ['configmaps', 'deployments', 'jobs', 'pods', 'roles', 'clusterroles', 'ingresses'];
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ terminationDelay: Infinity });
  await cluster.client.resources.find('pods', signal());
});
afterAll(() => cluster.close());
beforeEach(fresh);

function fresh(): void {
  cluster.api.clearFaults();
  for (const plural of KINDS) {
    for (const { metadata } of cluster.api.objects(plural)) {
      cluster.api.remove(plural, metadata.namespace ?? '', metadata.name);
    }
  }
  cluster.api.create(object('ConfigMap', 'settings', { uid: 'uid-1' }));
  cluster.api.clearRequests();
}
function object(kind: string, name: string, metadata = {}, apiVersion = 'v1', namespace = 'shop'): ObjectInput {
  return { apiVersion, kind, metadata: { name, ...(namespace === '' ? {} : { namespace }), ...metadata } };
}
function create(...objects: readonly ObjectInput[]): void {
  cluster.api.create(...objects);
  cluster.api.clearRequests();
}
/** An audit alert; keys without their `ka.target.`, besides `uri`. */
function alert({ uri, ...target }: Record<string, unknown>) {
  const fields = Object.fromEntries(Object.entries(target).map(([key, value]) => [`ka.target.${key}`, value]));
  return auditEvent({ fields: { ...fields, ...(uri === undefined ? {} : { 'ka.uri': uri }) } });
}
function run(target: Record<string, unknown>, more = {}) {
  return runActionner(deleteObject, { event: alert(target), clients: { kubernetes: cluster.client }, ...more });
}
const signal = () => ({ signal: new AbortController().signal });
const settings = () => cluster.api.get('configmaps', 'shop', 'settings');

testActionner(deleteObject, {
  events: [alert(SETTINGS)],
  clients: () => ({ kubernetes: cluster.client }),
  snapshot: () => [cluster.api.objects('configmaps'), writes(cluster.api)],
  hang: () => hanging(cluster.api),
  prepare: fresh,
});

describe('delete', () => {
  it('deletes the object of the alert with two calls', async () => {
    const outcome = await run(SETTINGS);
    expect(outcome).toMatchObject({
      status: 'success',
      message: 'deleted configmap shop/settings',
      objects: { resource: 'configmaps', namespace: 'shop', name: 'settings' },
      target: { kind: 'configmap', namespace: 'shop', name: 'settings' },
    });
    expect(cluster.api.requests[1]?.body).toMatchObject({
      preconditions: { uid: 'uid-1' },
      propagationPolicy: 'Background',
    });
    expect(settings()).toBeUndefined();
    expect(cluster.calls()).toEqual([`GET ${CONFIG_MAP}`, `DELETE ${CONFIG_MAP}`]);
  });

  it('asks the cluster what it serves once per connection', async () => {
    const other = await startCluster({ objects: ['a', 'b'].map((name) => object('ConfigMap', name)) });
    try {
      for (const name of ['a', 'b']) {
        await run({ ...SETTINGS, name }, { clients: { kubernetes: other.client } });
      }
      const paths = other.api.requests.map(({ path }) => path);
      expect(paths.filter((path) => path === '/api' || path === '/apis')).toEqual(['/api', '/apis']);
      expect(paths).toHaveLength(6);
      expect(other.api.objects('configmaps')).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it.each([
    ['deployments', object('Deployment', 'web', {}, 'apps/v1'), 'deployment shop/web'],
    ['jobs', object('Job', 'web', {}, 'batch/v1'), 'job shop/web'],
    ['ingresses', object('Ingress', 'web.example.com', {}, 'networking.k8s.io/v1'), 'ingress shop/web.example.com'],
    ['roles', object('Role', 'system:web', {}, 'rbac.authorization.k8s.io/v1'), 'role shop/system:web'],
    [
      'clusterroles',
      object('ClusterRole', 'system:web', {}, 'rbac.authorization.k8s.io/v1', ''),
      'clusterrole system:web',
    ],
    ['pods', pod({ name: 'web', namespace: 'shop' }), 'pod shop/web'],
  ])('knows %s', async (resource, made, text) => {
    create(made);
    const { name, namespace } = made.metadata;
    const outcome = await run({ resource, name, namespace });
    expect(outcome.message).toBe(`deleted ${text}`);
    expect(cluster.calls()).toHaveLength(2);
    const left = cluster.api.get(resource, namespace ?? '', name!);
    expect(left === undefined || left.metadata.deletionTimestamp !== undefined).toBe(true);
  });

  it('deletes a namespace, which the audit log says is in itself', async () => {
    create(object('Namespace', 'tmp', {}, 'v1', ''));
    const outcome = await run({ resource: 'namespaces', name: 'tmp', namespace: 'tmp', uri: '/api/v1/namespaces/tmp' });
    expect(outcome).toMatchObject({
      message: 'deleted namespace tmp',
      objects: { resource: 'namespaces', name: 'tmp' },
      target: { kind: 'namespace', name: 'tmp' },
    });
    expect(outcome.objects).not.toHaveProperty('namespace');
    expect(cluster.api.get('namespaces', '', 'tmp')?.metadata.deletionTimestamp).toBeDefined();
  });

  it('deletes the object a subresource belongs to', async () => {
    create(pod({ name: 'web', namespace: 'shop' }));
    const outcome = await run({
      resource: 'pods',
      subresource: 'exec',
      name: 'web',
      namespace: 'shop',
      uri: '/api/v1/namespaces/shop/pods/web/exec?command=sh',
    });
    expect(outcome.message).toBe('deleted pod shop/web');
  });

  it('says that the object is gone, or another one by now', async () => {
    expect((await run({ ...SETTINGS, name: 'other' })).error).toMatchObject({ code: 'target_gone', retryable: false });
    cluster.calls();
    const { facts } = await run(SETTINGS, { dryRun: true });
    cluster.api.remove('configmaps', 'shop', 'settings');
    create(object('ConfigMap', 'settings', { uid: 'uid-2' }));
    const outcome = await run(SETTINGS, { facts });
    expect(outcome.error?.code).toBe('target_gone');
    expect(outcome.message).toBe(
      'configmap shop/settings was re-created under the same name: uid uid-1 is gone, the one there now is uid-2',
    );
    expect(cluster.calls()).toEqual([`DELETE ${CONFIG_MAP}`, `GET ${CONFIG_MAP}`]);
    expect(settings()).toBeDefined();
  });

  it('fails with the conflict when the object is still the same', async () => {
    cluster.api.fault({ kind: 'status', status: 409, reason: 'Conflict', match: { method: 'DELETE' } });
    expect((await run(SETTINGS)).error?.code).toBe('conflict');
  });

  it('leaves the mirror of a static pod alone', async () => {
    create(pod({ name: 'etcd', namespace: 'shop', annotations: { 'kubernetes.io/config.mirror': 'x' } }));
    const outcome = await run({ resource: 'pods', name: 'etcd', namespace: 'shop' });
    expect(outcome.status).toBe('ignored');
    expect(writes(cluster.api)).toBe(0);
  });

  it('needs the namespace of what is in one', async () => {
    const outcome = await run({ ...SETTINGS, namespace: undefined });
    expect(outcome.error?.code).toBe('missing_field');
    expect(outcome.message).toContain('ka.target.namespace');
    expect(cluster.calls()).toEqual([]);
  });

  it('in a dry run tells what it would do', async () => {
    const outcome = await run(SETTINGS, { dryRun: true });
    expect(outcome.message).toBe('would delete configmap shop/settings (uid uid-1)');
    expect(cluster.calls()).toEqual([`GET ${CONFIG_MAP}`]);
  });
});

describe('which kind is meant', () => {
  const EVENT = { resource: 'events', name: 'web.1', namespace: 'shop' };

  it('is told by ka.uri when several groups serve the plural', async () => {
    create(object('Event', 'web.1', {}, 'events.k8s.io/v1'));
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
        create(object(kind, 'tmp', {}, apiVersion, namespaced ? 'shop' : ''));
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
    create(object('ConfigMap', 'settings', {}, 'v1', namespace));
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

describe('after a crash or a lost answer', () => {
  const settled = (facts: unknown) =>
    askSettled(deleteObject, { event: alert(SETTINGS), clients: { kubernetes: cluster.client }, facts } as never);

  it('was done when the object is gone, replaced or terminating, else it is to be done again', async () => {
    const { facts } = await run(SETTINGS, { dryRun: true });
    expect(await settled(facts)).toBe('again');
    cluster.api.change('configmaps', 'shop', 'settings', ({ metadata }) => void (metadata.deletionTimestamp = 'now'));
    expect(await settled(facts)).toBe('done');
    cluster.api.change('configmaps', 'shop', 'settings', ({ metadata }) => {
      delete metadata.deletionTimestamp;
      metadata.uid = 'uid-2';
    });
    expect(await settled(facts)).toBe('done');
    cluster.api.remove('configmaps', 'shop', 'settings');
    expect(await settled(facts)).toBe('done');
  });

  it('a lost answer has an unknown outcome', async () => {
    cluster.api.fault({ kind: 'lost-answer', match: { method: 'DELETE' } });
    const outcome = await run(SETTINGS);
    expect(outcome.error).toMatchObject({ code: 'outcome_unknown', retryable: true });
    expect(await settled(outcome.facts)).toBe('done');
    expect(cluster.api.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
  });
});
