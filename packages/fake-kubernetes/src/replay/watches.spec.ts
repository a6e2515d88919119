import { afterEach, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { JsonObject } from '../json.ts';
import { textAt } from '../json.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { pod } from '../workloads/pod.ts';
import { ask } from './ask.ts';
import { client } from './client.ts';
import { differences } from './compare.ts';
import type { Exchange } from './exchange.ts';
import { exchanges } from './exchange.ts';
import { USERS } from './world.ts';

interface Recorded extends Exchange {
  /** The lines of a watch: an object by its name and keys, bookmarks and errors as they were. */
  readonly events?: readonly JsonObject[];
}

const PODS = ['agent-plrwm', 'bare', 'db-0', 'db-1', 'unsched2', 'web-fsw7n', 'web-vqz8z', 'web-wjzwf'];

let fake: FakeKubernetes | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

/** What happened while the watch was open. */
const MEANWHILE: Readonly<Record<string, (api: FakeKubernetes) => void>> = {
  'watch-labelselector-leaves': (api) => {
    api.change('pods', 'shop', 'bare', (bare) => (bare.metadata.labels = { team: 'blue' }));
    api.change('pods', 'shop', 'bare', (bare) => (bare.metadata.labels = { team: 'red' }));
  },
  'watch-pods-from-rv': (api) => {
    api.change('pods', 'shop', 'bare', (bare) => (bare.metadata.annotations = { a: '1' }));
    api.create(pod({ name: 'wtmp', namespace: 'shop' }));
    for (const a of '1234') api.change('pods', 'shop', 'wtmp', (one) => (one.metadata.annotations = { a }));
    api.change('pods', 'shop', 'wtmp', (one) => (one.metadata.deletionTimestamp = '2026-03-01T12:00:00Z'));
    api.remove('pods', 'shop', 'wtmp');
    api.watches.bookmark();
  },
  'watch-future-rv': (api) => {
    api.create(pod({ name: 'unseen', namespace: 'shop' }));
    api.watches.bookmark();
  },
};

function reduced(line: string): JsonObject {
  const shown = line.replace(/(too old resource version: \d+) \(\d+\)/, '$1 (<version>)');
  const { type, object } = JSON.parse(shown) as { type: string; object: JsonObject & { metadata: JsonObject } };
  if (type === 'ERROR') return { type, object };
  if (type === 'BOOKMARK')
    return { type, object: { ...object, metadata: { ...object.metadata, resourceVersion: '<version>' } } };
  return { type, name: textAt(object, 'metadata', 'name'), keys: Object.keys(object) };
}

const recorded = exchanges('watches').map((exchange) => [exchange.recording, exchange as Recorded] as const);
it.each(recorded)('watches like the recordings: %s', async (recording, exchange) => {
  const labels = { team: 'red' };
  fake = await startFakeKubernetes({
    objects: PODS.map((name) => pod({ name, namespace: 'shop', labels: name === 'bare' ? labels : {} })),
    users: USERS,
  });
  fake.create(pod({ name: 'elsewhere', labels }));
  const version = fake.get('pods', 'default', 'elsewhere')?.metadata.resourceVersion ?? '';
  const request = exchange.request.replace(/resourceVersion=1\d{3}\b/, `resourceVersion=${version}`);
  const api = client(fake);
  const answering = ask(api, { ...exchange, request });
  const refused = exchange.events === undefined || recording === 'watch-410-old-rv';
  if (!refused) {
    await fake.watches.until(1);
    MEANWHILE[recording]?.(fake);
    fake.watches.end();
  }
  const answer = await answering;
  expect(differences(exchange, answer)).toEqual([]);
  const lines = answer.status === 200 ? answer.text.split('\n').filter(Boolean).map(reduced) : undefined;
  expect(lines).toEqual(exchange.events);
  api.close();
});
