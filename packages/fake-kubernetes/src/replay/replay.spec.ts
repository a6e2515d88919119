import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { ask } from './ask.ts';
import type { Client } from './client.ts';
import { client } from './client.ts';
import { differences } from './compare.ts';
import { exchanges } from './exchange.ts';
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
