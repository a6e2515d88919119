import { Agent, get } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import type { Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { pod } from '../workloads/pod.ts';

let fake: FakeKubernetes;
let api: Client;
beforeAll(async () => {
  fake = await startFakeKubernetes({ objects: [pod({ name: 'cart', namespace: 'shop', containers: ['a', 'b'] })] });
  fake.setPodLog('shop', 'cart', 'a', 'one\ntwo\n\nfour');
  fake.setPodLog('shop', 'cart', 'b', 'old\n', { previous: true });
  api = client(fake);
});
afterAll(async () => {
  api.close();
  await fake.close();
});

const LOG = '/api/v1/namespaces/shop/pods/cart/log';

describe('a log', () => {
  it.each([
    ['', 'one\ntwo\n\nfour'],
    ['&tailLines=0', ''],
    ['&tailLines=1', 'four'],
    ['&tailLines=2', '\nfour'],
    ['&tailLines=3', 'two\n\nfour'],
    ['&tailLines=99', 'one\ntwo\n\nfour'],
    ['&limitBytes=5', 'one\nt'],
    ['&tailLines=3&limitBytes=4', 'two\n'],
  ])('%s', async (query, text) => {
    const answer = await api.call('GET', `${LOG}?container=a${query}`);
    expect([answer.status, answer.text]).toEqual([200, text]);
  });

  it('of the container before this one, of one that wrote nothing', async () => {
    expect((await api.call('GET', `${LOG}?container=b&previous=true`)).text).toBe('old\n');
    expect((await api.call('GET', `${LOG}?container=b`)).text).toBe('');
    expect((await api.call('GET', LOG)).status).toBe(400);
  });

  it('carries timestamps when asked', async () => {
    const lines = (await api.call('GET', `${LOG}?container=a&timestamps=true&tailLines=3`)).text.split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /);
  });

  it('can be followed', async () => {
    const headers = { authorization: `Bearer ${fake.tokenOf()}` };
    const agent = new Agent();
    const received = await new Promise<string>((resolve) => {
      const request = get(
        `${fake.url}${LOG}?container=a&follow=true&tailLines=1`,
        { headers, ca: fake.ca, agent },
        (response) => {
          let text = '';
          response.on('error', () => undefined);
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString();
            if (text === 'four') fake.appendPodLog('shop', 'cart', 'a', '\nfive\n');
            if (!text.endsWith('five\n')) return;
            request.destroy();
            resolve(text);
          });
        },
      );
      request.on('error', () => undefined);
    });
    expect(received).toBe('four\nfive\n');
  });
});
