import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  kubeconfigText,
  open,
  QUICK,
  sendJson,
  status,
  type Clock,
  type LoopbackApi,
  type Opened,
  type Responder,
} from '../../spec/loopback-api.ts';
import { kubernetesFailure, type Kubernetes } from '../index.ts';

const ALL = ['create', 'delete', 'get', 'list'];
const row = (resource: string, kind: string, more = {}) => ({
  resource,
  responseKind: { group: '', version: '', kind },
  scope: 'Namespaced',
  verbs: ALL,
  ...more,
});
const group = (name: string, ...versions: readonly [string, readonly unknown[], string?][]) => ({
  metadata: name === '' ? {} : { name },
  versions: versions.map(([version, resources, freshness = 'Current']) => ({ version, resources, freshness })),
});
const aggregated = (...items: readonly unknown[]) => ({ kind: 'APIGroupDiscoveryList', items });

const CORE = group('', [
  'v1',
  [row('pods', 'Pod'), row('nodes', 'Node', { scope: 'Cluster' }), row('events', 'Event')],
]);
const EVENTS = group('events.k8s.io', ['v1', [row('events', 'Event')]]);
const SCALERS = group(
  'autoscaling',
  ['v2', [row('scalers', 'Scaler')]],
  ['v1', [row('scalers', 'OldScaler'), row('relics', 'Relic')]],
);
const METRICS = group('metrics.k8s.io', ['v1beta1', [row('pods', 'PodMetrics', { verbs: ['get', 'list'] })]]);

let opened: Opened;
let api: LoopbackApi;
let client: Kubernetes;
const clock: Clock = { now: 0 };
let documents: Record<string, unknown>;

const answer: Responder = (response, { url }) => {
  const document = documents[url];
  if (document === undefined) sendJson(response, 404, status(404, 'NotFound', 'no such path', {}));
  else if (typeof document === 'number') sendJson(response, document, status(document, 'Broken', 'down'));
  else sendJson(response, 200, document);
};

beforeEach(async () => {
  clock.now = 1_000_000;
  documents = { '/api': aggregated(CORE), '/apis': aggregated(SCALERS, EVENTS, METRICS) };
  opened = await open();
  api = await opened.api(answer, { tls: false });
  client = await opened.client(await opened.file('kubeconfig', kubeconfigText({ server: api.url })), { clock });
});
afterEach(() => opened.close());

const find = (plural: string, groupName?: string) =>
  client.resources.find(plural, { signal: opened.signal, ...(groupName === undefined ? {} : { group: groupName }) });
const asked = () => api.received.map(({ url }) => url);

describe('what the cluster serves', () => {
  it('is read with two calls, once for all who ask', async () => {
    const [pods, nodes] = await Promise.all([find('pods', ''), find('nodes')]);
    expect(pods).toEqual([{ group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true, verbs: ALL }]);
    expect(nodes).toMatchObject([{ kind: 'Node', namespaced: false }]);
    await find('events');
    expect(asked()).toEqual(['/api', '/apis']);
    expect(api.received[0]?.headers.accept).toMatch(/v=v2;as=APIGroupDiscoveryList,.*v=v2beta1;.*,application\/json$/);
  });

  it('names each group of a plural once, in the version it prefers', async () => {
    expect((await find('events')).map((one) => one.group)).toEqual(['', 'events.k8s.io']);
    expect(await find('events', 'events.k8s.io')).toMatchObject([{ group: 'events.k8s.io' }]);
    expect(await find('scalers')).toMatchObject([{ version: 'v2', kind: 'Scaler' }]);
    expect(await find('relics')).toMatchObject([{ version: 'v1' }]);
    expect((await find('pods')).map(({ verbs }) => verbs)).toEqual([ALL, ['get', 'list']]);
  });

  it('is the same in the view of an event', async () => {
    const reads = client.reads({ ...opened, logger: undefined!, now: () => 0, span: (_, work) => work() });
    expect(await reads.resources.find('nodes', opened)).toBe(await find('nodes'));
    expect(asked()).toHaveLength(2);
  });

  it('is looked up again when it is old', async () => {
    await find('pods');
    clock.now += QUICK.discoveryAge - 1;
    await find('pods');
    expect(asked()).toHaveLength(2);
    clock.now += 1;
    await find('pods');
    expect(asked()).toHaveLength(4);
    clock.now = 0; // set back
    await find('pods');
    expect(asked()).toHaveLength(6);
  });

  it('is looked up once more for a kind that is not in it, and not for each alert', async () => {
    const unknown = { code: 'unsupported', message: 'the cluster serves no resource "widgets"', retryable: false };
    await expect(find('widgets')).rejects.toMatchObject(unknown);
    await expect(find('widgets')).rejects.toMatchObject(unknown);
    expect(asked()).toHaveLength(2);
    documents['/apis'] = aggregated(group('example.com', ['v1', [row('widgets', 'Widget')]]));
    clock.now += QUICK.discoveryRefresh;
    const [first, second] = await Promise.all([find('widgets'), find('widgets', 'example.com')]);
    expect(first).toMatchObject([{ group: 'example.com' }]);
    expect(second).toEqual(first);
    expect(asked()).toHaveLength(4);
  });

  it('does not hold what a group does not serve', async () => {
    await expect(find('pods', 'apps')).rejects.toThrow('no resource "pods" in API group "apps"');
    await expect(find('scalers', '')).rejects.toThrow('no resource "scalers" in the core group');
  });

  it('is not all there is while a group does not answer', async () => {
    documents['/apis'] = aggregated(EVENTS, group('example.com', ['v1', [], 'Stale']));
    await expect(find('widgets')).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
      message: expect.stringContaining('"example.com"'),
    });
    await expect(find('widgets', 'events.k8s.io')).rejects.toMatchObject({ code: 'unsupported' });
    expect(await find('events')).toHaveLength(2);
  });

  it('keeps no failure', async () => {
    documents['/api'] = 403;
    const error = await find('pods').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'forbidden' });
    expect(kubernetesFailure(error)).toMatchObject({ path: '/api', status: 403 });
    documents['/api'] = aggregated(CORE);
    expect(await find('nodes')).toHaveLength(1);
  });

  it('leaves out what is no kind', async () => {
    documents['/apis'] = aggregated(
      null,
      'text',
      { versions: 5 },
      group('a.com', ['v1', [null, { resource: 5 }, { resource: 'gone', verbs: ALL }, row('pods/exec', 'Exec')]]),
      group('b.com', ['v1', [row('odd', 'Odd', { verbs: [1, 'get'] })]]),
    );
    expect(await find('odd')).toMatchObject([{ verbs: ['get'] }]);
    await expect(find('gone')).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('has a bound', async () => {
    const few = await opened.clientOf(api, { ...QUICK, discoveredResources: 5 });
    await expect(few.resources.find('pods', opened)).rejects.toMatchObject({ code: 'too_large' });
    documents['/api'] = { kind: 'APIVersions', versions: ['v1'] };
    documents['/api/v1'] = {
      resources: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, kind: 'K', verbs: ALL })),
    };
    await expect(few.resources.find('a', opened)).rejects.toMatchObject({ code: 'too_large' });
  });
});

describe('an API server that does not aggregate', () => {
  const list = (...resources: readonly unknown[]) => ({ kind: 'APIResourceList', resources });
  const plain = (name: string, kind: string, more = {}) => ({ name, kind, namespaced: true, verbs: ALL, ...more });
  const versions = (...names: readonly string[]) => names.map((version) => ({ version }));

  beforeEach(() => {
    documents = {
      '/api': { kind: 'APIVersions', versions: ['v1'] },
      '/api/v1': list(
        plain('pods', 'Pod'),
        plain('pods/exec', 'PodExecOptions'),
        plain('nodes', 'Node', { namespaced: false }),
      ),
      '/apis': {
        kind: 'APIGroupList',
        groups: [
          { name: 'autoscaling', versions: versions('v1', 'v2'), preferredVersion: { version: 'v2' } },
          { name: 'example.com', versions: versions('v1'), preferredVersion: { version: 'v1' } },
        ],
      },
      '/apis/autoscaling/v1': list(plain('scalers', 'OldScaler')),
      '/apis/autoscaling/v2': list(plain('scalers', 'Scaler')),
      '/apis/example.com/v1': list(plain('widgets', 'Widget')),
    };
  });

  it('is asked for each version of each group', async () => {
    expect(await find('nodes')).toMatchObject([{ group: '', namespaced: false, verbs: ALL }]);
    expect(await find('scalers')).toMatchObject([{ group: 'autoscaling', version: 'v2', kind: 'Scaler' }]);
    expect(await find('widgets')).toMatchObject([{ group: 'example.com' }]);
    expect(asked()).toHaveLength(6);
  });

  it('may have a group that is down', async () => {
    documents['/apis/example.com/v1'] = 503;
    expect(await find('scalers')).toHaveLength(1);
    await expect(find('widgets')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is refused when it refuses a group', async () => {
    documents['/apis/example.com/v1'] = 401;
    await expect(find('scalers')).rejects.toMatchObject({ code: 'unauthorized' });
  });
});

describe('stopping', () => {
  it('ends the wait of one, and the look-up with the last', async () => {
    const ended = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    api.respond = (_response, _request, incoming) => {
      arrived.resolve();
      incoming.socket.on('close', () => ended.resolve());
    };
    const [one, other] = [new AbortController(), new AbortController()];
    const first = client.resources.find('pods', { signal: one.signal });
    const second = client.resources.find('pods', { signal: other.signal });
    await arrived.promise;
    one.abort();
    await expect(first).rejects.toMatchObject({ code: 'aborted' });
    api.respond = answer;
    other.abort();
    await expect(second).rejects.toMatchObject({ code: 'aborted' });
    await ended.promise;
    expect(await find('nodes')).toHaveLength(1);
  });

  it('does not end the wait of others', async () => {
    const arrived = Promise.withResolvers<() => void>();
    api.respond = (response, request, incoming) => {
      api.respond = answer;
      arrived.resolve(() => answer(response, request, incoming));
    };
    const one = new AbortController();
    const first = client.resources.find('pods', { signal: one.signal });
    const second = find('pods');
    const release = await arrived.promise;
    one.abort();
    await expect(first).rejects.toMatchObject({ code: 'aborted' });
    release();
    expect(await second).toHaveLength(2);
  });
});

it.each(['', '../pods', 'pods/exec', 'Pods', 'a b', 'x'.repeat(64), 'nul\0', '__proto__'])(
  'sends nothing for the plural %j',
  async (plural) => {
    await expect(find(plural)).rejects.toMatchObject({ code: 'invalid_value' });
    await expect(find('pods', `${plural || ' '}!`)).rejects.toMatchObject({ code: 'invalid_value' });
    expect(asked()).toEqual([]);
  },
);
