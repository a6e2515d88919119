import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import type { Called, Client } from './client.ts';
import { client } from './client.ts';
import { differences } from './compare.ts';
import type { Exchange } from './exchange.ts';
import { CONTENT_TYPES, exchanges } from './exchange.ts';
import { DEFINED, NOW, USERS, world } from './world.ts';

const FILES = [
  'pod-reads',
  'pod-lists',
  'pod-patches',
  'pod-patch-refusals',
  'pod-label-refusals',
  'pod-lifecycle',
  'network-policies',
  'network-policy-apply',
  'ephemeral-containers',
  'access-reviews',
  'nodes',
  'namespaces-and-owners',
  'pod-logs',
  'events',
  'leases',
  'discovery-and-access',
  'custom-resources',
];

async function ask(api: Client, exchange: Exchange): Promise<Called> {
  const [method = '', path = ''] = exchange.request.split(' ');
  const { as, type = '', accept, send } = exchange;
  return api.call(method, path, {
    ...(as === 'a stranger' ? { token: 'unknown' } : {}),
    ...(as === 'nobody' ? { as } : {}),
    ...(as === 'restricted' || as === 'temp' ? { as: `system:serviceaccount:shop:${as}` } : {}),
    ...(type === '' ? {} : { type: CONTENT_TYPES[type] ?? type }),
    ...(accept === undefined ? {} : { headers: { accept } }),
    body: send,
  });
}

describe.each(FILES)('answers like the recordings: %s', (file) => {
  let fake: FakeKubernetes;
  let api: Client;
  beforeAll(async () => {
    fake = await startFakeKubernetes({
      objects: [...world(), ...(file === 'custom-resources' ? DEFINED : [])],
      users: USERS,
      now: () => NOW,
    });
    fake.setPodLog('shop', 'solo', 'main', 'out 0\nerr 0\nout 1\n');
    fake.setPodLog('shop', 'done', 'main', 'fin\n');
    fake.setPodLog('shop', 'crash', 'main', 'bye\n', { previous: true });
    api = client(fake);
  });
  afterAll(async () => {
    api.close();
    await fake.close();
  });

  // In the order of the recordings: what one leaves behind the next one finds.
  const named = exchanges(file).map((exchange) => [exchange.recording, exchange] as const);
  it.each(named)('%s', async (_recording, exchange) => {
    expect(differences(exchange, await ask(api, exchange))).toEqual([]);
  });
});
