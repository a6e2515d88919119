import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { at, textAt } from '../json.ts';
import type { Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { pod } from '../workloads/pod.ts';

const POD = '/api/v1/namespaces/shop/pods/cart';
let fake: FakeKubernetes;
let api: Client;
beforeEach(async () => {
  fake = await startFakeKubernetes({ objects: [pod({ name: 'cart', namespace: 'shop' })] });
  api = client(fake);
});
afterEach(async () => {
  api.close();
  await fake.close();
});

const label = { type: 'application/merge-patch+json', body: { metadata: { labels: { seen: 'yes' } } } };
const labels = (): object | undefined => fake.get('pods', 'shop', 'cart')?.metadata.labels;

describe('faults', () => {
  it('answers with a status and Retry-After, as often as told, and spares what does not fit', async () => {
    const fault = fake.fault({
      kind: 'status',
      status: 429,
      retryAfter: 3,
      times: 2,
      match: { verb: 'get', resource: 'pods' },
    });
    expect((await api.call('GET', '/api/v1/namespaces/shop')).status).toBe(200);
    const refused = await api.call('GET', POD);
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('3');
    expect(refused.body).toMatchObject({ reason: 'TooManyRequests', details: { retryAfterSeconds: 3 }, code: 429 });
    expect((await api.call('GET', POD)).status).toBe(429);
    expect((await api.call('GET', POD)).status).toBe(200);
    expect(fault.count).toBe(2);
  });

  it('come one after the other when several are waiting', async () => {
    for (const status of [429, 500, 503]) fake.fault({ kind: 'status', status, times: 1 });
    const answers = [await api.call('GET', POD), await api.call('GET', POD), await api.call('GET', POD)];
    expect(
      answers.map((answer) => [answer.status, textAt(answer.body, 'reason'), answer.headers['retry-after']]),
    ).toEqual([
      [429, 'TooManyRequests', undefined],
      [500, 'InternalError', undefined],
      [503, 'ServiceUnavailable', undefined],
    ]);
    expect((await api.call('GET', POD)).status).toBe(200);
  });

  it('resets before anything was done', async () => {
    fake.fault({ kind: 'reset', times: 1 });
    await expect(api.call('PATCH', POD, label)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(labels()).toBeUndefined();
    expect((await api.call('PATCH', POD, label)).status).toBe(200);
  });

  it('resets after the change was stored', async () => {
    fake.fault({ kind: 'lost-answer', times: 1 });
    await expect(api.call('PATCH', POD, label)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(labels()).toEqual({ seen: 'yes' });
    expect(fake.requests.at(-1)?.status).toBe(0);
  });

  it('lets an object vanish between two requests', async () => {
    fake.fault({ kind: 'vanish', times: 1, match: { name: 'cart' } });
    expect((await api.call('GET', POD)).status).toBe(200);
    expect((await api.call('GET', POD)).status).toBe(404);
  });

  it('holds requests until they are released', async () => {
    const gate = fake.fault({ kind: 'hold', match: { verb: 'patch' } });
    const patched = api.call('PATCH', POD, label);
    await fake.waitForRequest((request) => request.verb === 'patch');
    expect(labels()).toBeUndefined();
    gate.release();
    expect((await patched).status).toBe(200);
    expect(labels()).toEqual({ seen: 'yes' });
    expect(gate.count).toBe(1);
  });

  it('never answers a request that hangs, and ends it with close()', async () => {
    fake.fault({ kind: 'hang' });
    const hanging = api.call('GET', POD);
    await fake.waitForRequest(() => true);
    await Promise.all([expect(hanging).rejects.toThrow('socket hang up'), fake.close()]);
  });

  it('never answers a request it has carried out', async () => {
    fake.fault({ kind: 'no-answer' });
    const unanswered = api.call('PATCH', POD, label);
    await fake.until(() => labels() !== undefined);
    await Promise.all([expect(unanswered).rejects.toThrow('socket hang up'), fake.close()]);
  });

  it('delays, and spares the first ones', async () => {
    const slow = fake.fault({ kind: 'latency', ms: 5, skip: 1 });
    await api.call('GET', POD);
    expect(slow.count).toBe(0);
    expect((await api.call('GET', POD)).status).toBe(200);
    expect(slow.count).toBe(1);
  });

  it('takes a function and a regular expression', async () => {
    fake.fault({ kind: 'status', status: 500, match: { path: /\/pods\/c/ } });
    expect((await api.call('GET', POD)).status).toBe(500);
    fake.clearFaults();
    fake.fault({
      kind: 'status',
      status: 500,
      match: (request) => at(request.body, 'metadata', 'labels', 'seen') === 'yes',
    });
    expect((await api.call('GET', POD)).status).toBe(200);
    expect((await api.call('PATCH', POD, label)).status).toBe(500);
  });
});

describe('the journal', () => {
  it('keeps what was asked, by whom and what was answered', async () => {
    await api.call('PATCH', `${POD}?fieldManager=talon`, label);
    await api.call('GET', '/api/v1/namespaces/shop/pods/..%2fother', { token: 'wrong' });
    expect(fake.requests).toMatchObject([
      {
        id: 1,
        connection: 1,
        method: 'PATCH',
        path: POD,
        query: { fieldManager: 'talon' },
        user: 'kubernetes-admin',
        verb: 'patch',
        resource: 'pods',
        namespace: 'shop',
        name: 'cart',
        body: label.body,
        status: 200,
      },
      { path: '/api/v1/namespaces/shop/pods/..%2fother', user: '', status: 401 },
    ]);
  });

  it('counts connections', async () => {
    await Promise.all(Array.from({ length: 20 }, () => api.call('GET', POD)));
    expect([fake.requests.length, fake.connections, fake.openConnections]).toEqual([20, 1, 1]);
    fake.clearRequests();
    expect([fake.requests.length, fake.connections]).toEqual([0, 0]);
    const second = client(fake);
    await second.call('GET', POD);
    expect([fake.connections, fake.openConnections]).toEqual([1, 2]);
    second.close();
  });

  it('says what came instead of the request waited for', async () => {
    await api.call('GET', POD);
    await expect(fake.waitForRequest((request) => request.verb === 'delete', 10)).rejects.toThrow(
      `no such request within 10 ms; received: GET ${POD}`,
    );
  });

  it('keeps no more than its limit', async () => {
    const small = await startFakeKubernetes({ journalLimit: 5 });
    const other = client(small);
    for (let i = 0; i < 11; i++) await other.call('GET', '/version');
    expect(small.requests.map((request) => request.id)).toEqual([7, 8, 9, 10, 11]);
    other.close();
    await small.close();
  });
});
