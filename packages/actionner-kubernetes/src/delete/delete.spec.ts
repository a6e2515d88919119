import { pod, type ObjectInput } from '@falco-talon/fake-kubernetes';
import { askSettled, runActionner, testActionner } from '@falco-talon/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiObject, auditAlert } from '../../spec/audited.ts';
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
  cluster.api.create(apiObject('ConfigMap', 'settings', { uid: 'uid-1' }));
  cluster.api.clearRequests();
}
function create(...objects: readonly ObjectInput[]): void {
  cluster.api.create(...objects);
  cluster.api.clearRequests();
}
function run(target: Record<string, unknown>, more = {}) {
  return runActionner(deleteObject, { event: auditAlert(target), clients: { kubernetes: cluster.client }, ...more });
}
const signal = () => ({ signal: new AbortController().signal });
const settings = () => cluster.api.get('configmaps', 'shop', 'settings');

testActionner(deleteObject, {
  events: [auditAlert(SETTINGS)],
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
    const other = await startCluster({ objects: ['a', 'b'].map((name) => apiObject('ConfigMap', name)) });
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
    ['deployments', apiObject('Deployment', 'web', {}, 'apps/v1'), 'deployment shop/web'],
    ['jobs', apiObject('Job', 'web', {}, 'batch/v1'), 'job shop/web'],
    ['ingresses', apiObject('Ingress', 'web.example.com', {}, 'networking.k8s.io/v1'), 'ingress shop/web.example.com'],
    ['roles', apiObject('Role', 'shop:web', {}, 'rbac.authorization.k8s.io/v1'), 'role shop/shop:web'],
    [
      'clusterroles',
      apiObject('ClusterRole', 'shop:web', {}, 'rbac.authorization.k8s.io/v1', ''),
      'clusterrole shop:web',
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
    create(apiObject('Namespace', 'tmp', {}, 'v1', ''));
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
    create(apiObject('ConfigMap', 'settings', { uid: 'uid-2' }));
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

describe('after a crash or a lost answer', () => {
  const settled = (facts: unknown) =>
    askSettled(deleteObject, { event: auditAlert(SETTINGS), clients: { kubernetes: cluster.client }, facts } as never);

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
