import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { Json, JsonObject } from '../json.ts';
import { at, textAt } from '../json.ts';
import type { Called, Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { pod } from '../workloads/pod.ts';
import { node } from '../workloads/workloads.ts';
import type { StartedContainer } from './containers.ts';

let fake: FakeKubernetes;
let api: Client;
beforeEach(async () => {
  fake = await startFakeKubernetes({
    objects: [
      node({ name: 'node-1' }),
      pod({ name: 'cart', namespace: 'shop' }),
      pod({ name: 'done', namespace: 'shop', phase: 'Succeeded' }),
      pod({ name: 'lost', namespace: 'shop', node: 'node-9' }),
    ],
    terminationDelay: 5,
  });
  api = client(fake);
});
afterEach(async () => {
  api.close();
  await fake.close();
});

const add = (container: JsonObject, name = 'cart', metadata: JsonObject = {}): Promise<Called> =>
  api.call('PATCH', `/api/v1/namespaces/shop/pods/${name}/ephemeralcontainers`, {
    type: 'application/strategic-merge-patch+json',
    body: { metadata, spec: { ephemeralContainers: [{ image: 'box:1', ...container }] } },
  });
const status = (container: string, name = 'cart'): Json | undefined => {
  const all = at(fake.get('pods', 'shop', name), 'status', 'ephemeralContainerStatuses');
  return Array.isArray(all) ? all.find((one) => textAt(one, 'name') === container) : undefined;
};
const state = (container: string): Json | undefined => at(status(container), 'state');

describe('an ephemeral container', () => {
  it('waits, runs, and ends with its process; it is never ready and cannot be taken away', async () => {
    const started = Promise.withResolvers<StartedContainer>();
    const exit = Promise.withResolvers<number>();
    fake.onContainer((container) => {
      started.resolve(container);
      return exit.promise;
    });
    const patched = await add({ name: 'dump', command: ['sh', '-c'], args: ['sleep 1'] });
    expect([patched.status, at(patched.body, 'status', 'ephemeralContainerStatuses')]).toEqual([200, undefined]);
    await fake.until(() => at(state('dump'), 'waiting', 'reason') === 'ContainerCreating');
    await fake.until(() => at(state('dump'), 'running') !== undefined);
    expect(await started.promise).toMatchObject({
      namespace: 'shop',
      pod: 'cart',
      container: 'dump',
      image: 'box:1',
      command: ['sh', '-c', 'sleep 1'],
    });
    expect(status('dump')).toMatchObject({ ready: false, containerID: expect.stringMatching(/^containerd:\/\//) });
    exit.resolve(3);
    await fake.until(() => at(state('dump'), 'terminated') !== undefined);
    expect(at(state('dump'), 'terminated')).toMatchObject({ exitCode: 3, reason: 'Error' });
    expect(at(fake.get('pods', 'shop', 'cart'), 'spec', 'ephemeralContainers', 0, 'name')).toBe('dump');
  });

  it('stands first in the spec, and by name among the statuses', async () => {
    await add({ name: 'b' });
    await add({ name: 'a' });
    await add({ name: 'c' });
    await fake.until(() => ['a', 'b', 'c'].every((name) => at(state(name), 'running') !== undefined));
    const names = (...path: string[]): unknown => {
      const list = at(fake.get('pods', 'shop', 'cart'), ...path);
      return Array.isArray(list) ? list.map((one) => textAt(one, 'name')) : [];
    };
    expect(names('spec', 'ephemeralContainers')).toEqual(['c', 'a', 'b']);
    expect(names('status', 'ephemeralContainerStatuses')).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['IfNotPresent', ['ErrImagePull', 'ImagePullBackOff']],
    ['Never', ['ErrImageNeverPull']],
  ])('of an image nobody has waits, pull policy %s', async (imagePullPolicy, reasons) => {
    fake.missingImage('absent:1');
    await add({ name: 'dump', image: 'absent:1', imagePullPolicy });
    for (const reason of reasons) await fake.until(() => at(state('dump'), 'waiting', 'reason') === reason);
    expect(at(state('dump'), 'running')).toBeUndefined();
  });

  it.each(['done', 'lost'])('is taken and never started in the pod %s', async (name) => {
    expect((await add({ name: 'dump' }, name)).status).toBe(200);
    await add({ name: 'other' });
    await fake.until(() => at(state('other'), 'running') !== undefined);
    expect(status('dump', name)).toBeUndefined();
  });

  it('is started when its node answers again', async () => {
    fake.setNodeAnswers('node-1', false);
    expect((await add({ name: 'dump' })).status).toBe(200);
    expect(status('dump')).toBeUndefined();
    fake.setNodeAnswers('node-1', true);
    await fake.until(() => at(state('dump'), 'running') !== undefined);
  });

  it('is killed with its pod', async () => {
    const killed = Promise.withResolvers<void>();
    fake.onContainer(({ signal }) => {
      signal.addEventListener('abort', () => killed.resolve());
      return new Promise(() => {});
    });
    await add({ name: 'dump' });
    await fake.until(() => at(state('dump'), 'running') !== undefined);
    await api.call('DELETE', '/api/v1/namespaces/shop/pods/cart');
    await killed.promise;
    expect(fake.get('pods', 'shop', 'cart')).toBeUndefined();
  });

  it('changes nothing but the list: labels sent along are dropped', async () => {
    expect((await add({ name: 'dump' }, 'cart', { labels: { via: 'subresource' } })).status).toBe(200);
    const { metadata } = fake.get('pods', 'shop', 'cart')!;
    expect(metadata.labels).toBeUndefined();
    expect(metadata.generation).toBe(2);
    expect(metadata.managedFields?.map(({ subresource }) => subresource)).toEqual(['ephemeralcontainers']);
  });
});
