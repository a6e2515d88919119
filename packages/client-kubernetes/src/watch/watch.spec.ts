import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pod, serviceAccount, startFakeKubernetes, type FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { createKubernetes } from '../client.ts';
import { kubernetes, PODS, type Kubernetes, type KubernetesObject, type WatchEvent } from '../index.ts';
import type { Limits } from '../limits.ts';
import type { WatchOptions } from '../kubernetes.ts';
import { QUICK, scope } from '../../spec/loopback-api.ts';

let api: FakeKubernetes;
let client: Kubernetes;
let directory: string;
let stop: AbortController;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'watch-'));
  api = await startFakeKubernetes({
    objects: [pod({ name: 'a', namespace: 'shop' }), pod({ name: 'b', namespace: 'shop' })],
    users: [serviceAccount('shop', 'blind', [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }])],
  });
  client = await connect();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await kubernetes.close?.(client);
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

async function connect(limits: Partial<Limits> = {}, user?: string): Promise<Kubernetes> {
  const kubeconfig = join(directory, 'kubeconfig');
  await api.writeKubeconfig(kubeconfig, user === undefined ? {} : { user });
  return createKubernetes(
    {
      ...scope(new AbortController().signal),
      settings: { kubeconfig, namespace: '' },
      environment: { variables: {}, homeDirectory: directory },
    },
    { ...QUICK, ...limits },
    join(directory, 'none'),
  );
}

const watchPods = (options: Partial<WatchOptions> = {}) =>
  client.watch(PODS, { namespace: 'shop', signal: stop.signal, ...options });

type Events = AsyncGenerator<WatchEvent<KubernetesObject>, never, void>;

/** The next events, as `type name`. */
async function next(events: Events, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const { value } = await events.next();
    found.push(`${value.type} ${value.object.metadata.name}`);
  }
  return found;
}

const label = (name: string, value: string) =>
  api.change('pods', 'shop', name, (object) => (object.metadata.labels = { x: value }));
const add = (name: string) => void api.create(pod({ name, namespace: 'shop' }));
/** Resolves when a watch of this number, counted from 1, has been asked for. */
async function asked(nth: number): Promise<void> {
  await api.waitForRequest(() => api.requests.filter(({ verb }) => verb === 'watch').length >= nth);
}

describe('a watch', () => {
  it('gives what there is, then what changes', async () => {
    const events = watchPods();
    expect(await next(events, 2)).toEqual(['added a', 'added b']);
    const more = next(events, 3);
    await asked(1);
    add('c');
    label('a', '1');
    api.remove('pods', 'shop', 'b');
    expect(await more).toEqual(['added c', 'modified a', 'deleted b']);
  });

  it('costs one list and one watch', async () => {
    const events = watchPods();
    await next(events, 2);
    add('c');
    await next(events, 1);
    expect(api.requests.map(({ verb }) => verb)).toEqual(['list', 'watch']);
  });

  it('from a version lists nothing, and misses nothing', async () => {
    const { resourceVersion } = await client.snapshot(PODS, { namespace: 'shop', signal: stop.signal });
    api.clearRequests();
    add('c');
    const events = watchPods({ resourceVersion });
    expect(await next(events, 1)).toEqual(['added c']);
    expect(api.requests.map(({ verb }) => verb)).toEqual(['watch']);
  });

  it('is about one object when a name is given', async () => {
    const events = watchPods({ name: 'b' });
    expect(await next(events, 1)).toEqual(['added b']);
    const more = next(events, 1);
    label('a', '1');
    label('b', '1');
    expect(await more).toEqual(['modified b']);
    expect(api.requests.at(-1)?.query['fieldSelector']).toBe('metadata.name=b');
  });

  it.each(['b,spec.nodeName=x', '../b', 'B'])('refuses the name %s before anything is sent', async (name) => {
    await expect(watchPods({ name }).next()).rejects.toMatchObject({ code: 'invalid_value' });
    expect(api.requests).toEqual([]);
  });

  it('counts what leaves its selector as deleted', async () => {
    label('a', 'red');
    const events = watchPods({ labelSelector: 'x=red' });
    await next(events, 1);
    const more = next(events, 2);
    await asked(1);
    label('a', 'blue');
    label('b', 'red');
    expect(await more).toEqual(['deleted a', 'added b']);
  });

  it('is over when the caller leaves it, and its connection with it', async () => {
    const events = watchPods();
    await next(events, 2);
    add('c');
    await next(events, 1);
    expect(api.watches.open).toBe(1);
    await events.return(undefined as never);
    await api.watches.until(0);
  });

  it('ends at once with its signal', async () => {
    const events = watchPods();
    await next(events, 2);
    const waiting = events.next();
    await asked(1);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  });

  it('gives nothing more after an abort, though it has come', async () => {
    const events = watchPods();
    await next(events, 2);
    const first = events.next();
    await asked(1);
    const version = api.get('pods', 'shop', 'a');
    const line = `${JSON.stringify({ type: 'MODIFIED', object: version })}\n`;
    api.watches.send(line.repeat(5));
    await first;
    stop.abort();
    await expect(events.next()).rejects.toMatchObject({ code: 'aborted' });
  });

  it('that is not allowed is refused, naming verb and resource', async () => {
    await kubernetes.close?.(client);
    client = await connect({}, 'system:serviceaccount:shop:blind');
    const events = watchPods();
    await next(events, 2);
    const error = await events.next().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'forbidden', retryable: false });
    expect(String(error)).toContain('watch pods in namespace shop');
    expect(api.requests.filter(({ verb }) => verb === 'watch')).toHaveLength(1);
  });

  it('renews its credentials once when they are no longer accepted', async () => {
    const events = watchPods();
    await next(events, 2);
    const more = events.next();
    await asked(1);
    api.rotateToken();
    await api.writeKubeconfig(join(directory, 'kubeconfig'));
    api.watches.end();
    await asked(2);
    add('c');
    expect((await more).value).toMatchObject({ type: 'added', object: { metadata: { name: 'c' } } });
  });
});

describe('a watch that breaks goes on where it was', () => {
  it.each([
    ['when it is ended', () => api.watches.end()],
    ['when its connection is cut', () => api.closeConnections()],
    [
      'after an error event',
      () => api.watches.fail({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 500 }),
    ],
    ['after a line that is no event', () => api.watches.send('<html>\n')],
    ['after a line that is cut', () => (api.watches.send('{"type":"ADDED","obj'), api.watches.end())],
  ])('%s', async (_, breaks) => {
    const events = watchPods();
    await next(events, 2);
    const first = next(events, 1);
    await asked(1);
    add('c');
    await first;
    const more = next(events, 2);
    breaks();
    add('d');
    label('c', '1');
    expect(await more).toEqual(['added d', 'modified c']);
    expect(api.requests.filter(({ verb }) => verb === 'list')).toHaveLength(1);
    expect(api.requests.at(-1)?.query['resourceVersion']).not.toBe(api.requests.at(1)?.query['resourceVersion']);
  });

  it('when it falls silent and never ends', async () => {
    await kubernetes.close?.(client);
    client = await connect({ watchTime: 1_000, watchSilence: 300 });
    const events = watchPods();
    await next(events, 2);
    const more = next(events, 1);
    await asked(1);
    await api.watches.until(1);
    api.watches.silence();
    add('c');
    expect(await more).toEqual(['added c']);
  });

  it('from the last bookmark', async () => {
    const events = watchPods({ labelSelector: 'x=red' });
    const more = events.next();
    await asked(1);
    for (let n = 0; n < 5; n++) label('a', String(n));
    await api.watches.until(1);
    api.watches.bookmark();
    api.compact();
    api.watches.end();
    await asked(2);
    label('b', 'red');
    expect((await more).value).toMatchObject({ object: { metadata: { name: 'b' } } });
    expect(api.requests.map(({ verb }) => verb)).toEqual(['list', 'watch', 'watch']);
  });

  it('through refusals for the moment', async () => {
    const events = watchPods();
    await next(events, 2);
    const more = next(events, 1);
    await asked(1);
    for (const status of [503, 429, 500]) api.fault({ kind: 'status', status, times: 1, match: { verb: 'watch' } });
    api.fault({ kind: 'reset', times: 1, match: { verb: 'watch' } });
    api.watches.end();
    add('c');
    expect(await more).toEqual(['added c']);
  });

  it('waits as long as it is asked to', async () => {
    const events = watchPods();
    await next(events, 2);
    const more = next(events, 1);
    await asked(1);
    api.fault({ kind: 'status', status: 429, retryAfter: 1, times: 1, match: { verb: 'watch' } });
    let waited = false;
    const timer = setTimeout(() => (waited = true), 990);
    api.watches.end();
    add('c');
    await more;
    clearTimeout(timer);
    expect(waited).toBe(true);
  });
});

describe('a watch that missed too much', () => {
  it('lists again and gives what differs', async () => {
    const events = watchPods();
    await next(events, 2);
    const more = next(events, 4);
    await asked(1);
    await api.watches.until(1);
    api.watches.silence();
    api.remove('pods', 'shop', 'a');
    label('b', '1');
    add('c');
    add('d');
    api.compact();
    api.closeConnections();
    expect(await more).toEqual(['deleted a', 'modified b', 'added c', 'added d']);
    const last = next(events, 1);
    await asked(3);
    add('e');
    expect(await last).toEqual(['added e']);
    expect(api.requests.map(({ verb }) => verb)).toEqual(['list', 'watch', 'watch', 'list', 'watch']);
  });

  it('knows a pod that was made again under its name', async () => {
    const events = watchPods();
    await next(events, 2);
    const more = next(events, 2);
    await asked(1);
    await api.watches.until(1);
    api.watches.silence();
    api.remove('pods', 'shop', 'a');
    add('a');
    api.compact();
    api.closeConnections();
    expect(await more).toEqual(['deleted a', 'added a']);
  });

  it('tells what vanished to a caller that said what it knew', async () => {
    const { objects, resourceVersion } = await client.snapshot(PODS, { namespace: 'shop', signal: stop.signal });
    api.remove('pods', 'shop', 'b');
    api.compact();
    const events = watchPods({ resourceVersion, known: objects });
    expect(await next(events, 1)).toEqual(['deleted b']);
  });

  it('reads all pages of the list', async () => {
    const events = watchPods();
    await next(events, 2);
    const more = next(events, 1001);
    await asked(1);
    await api.watches.until(1);
    api.watches.silence();
    for (let n = 0; n < 1001; n++) add(`pod-${n}`);
    api.compact();
    api.closeConnections();
    expect(new Set(await more).size).toBe(1001);
  });

  it('understands HTTP 410 too', async () => {
    const events = watchPods();
    await next(events, 2);
    const more = next(events, 1);
    await asked(1);
    api.fault({ kind: 'status', status: 410, reason: 'Expired', times: 1, match: { verb: 'watch' } });
    api.watches.end();
    add('c');
    expect(await more).toEqual(['added c']);
    expect(api.requests.filter(({ verb }) => verb === 'list')).toHaveLength(2);
  });

  it('lists again when the server has not come as far', async () => {
    await kubernetes.close?.(client);
    client = await connect({ watchTime: 1_000 });
    const events = watchPods({ resourceVersion: '99999999' });
    expect(await next(events, 2)).toEqual(['added a', 'added b']);
  });
});
