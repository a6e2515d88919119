import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import { startFakeKubernetes } from '../fake-kubernetes.ts';
import { at, isObject, textAt } from '../json.ts';
import type { Json } from '../json.ts';
import type { Called, Client } from './client.ts';
import { client } from './client.ts';
import type { Exchange } from './exchange.ts';
import { CONTENT_TYPES, exchanges } from './exchange.ts';
import { NOW, USERS, world } from './world.ts';

const FILES = [
  'pod-reads',
  'pod-lists',
  'pod-patches',
  'pod-patch-refusals',
  'pod-label-refusals',
  'pod-lifecycle',
  'network-policies',
  'network-policy-apply',
  'nodes',
  'namespaces-and-owners',
  'pod-logs',
  'discovery-and-access',
];

function normalised(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uid) => (uid.startsWith('00000000') ? uid : '<uid>'))
    .replace(/in record \(\d+\)/, 'in record (<version>)')
    .replace(/current: \d+/, 'current: <version>');
}

function keysOf(value: unknown): readonly string[] {
  return isObject(value) ? Object.keys(value) : [];
}

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

function compareFailure(exchange: Exchange, answer: Called): void {
  const message = normalised(textAt(answer.body, 'message'));
  if (exchange.message !== undefined) expect(message).toBe(exchange.message);
  if (exchange.messageStarts !== undefined) expect(message.slice(0, exchange.messageStarts.length)).toBe(exchange.messageStarts);
  if (exchange.messageEnds !== undefined) expect(message.endsWith(exchange.messageEnds)).toBe(true);
  expect(at(answer.body, 'code')).toBe(exchange.status);
  expect(textAt(answer.body, 'reason')).toBe(exchange.reason);
  expect(keysOf(at(answer.body, 'metadata'))).toEqual(exchange.metadata ?? []);
  const details = at(answer.body, 'details');
  if (exchange.details === undefined) {
    expect(details).toBeUndefined();
    return;
  }
  const { causes, ...rest } = isObject(details) ? details : {};
  expect(rest).toEqual(exchange.details);
  const list = Array.isArray(causes) ? causes : [];
  expect(list).toHaveLength(exchange.causes?.count ?? 0);
  if (exchange.causes !== undefined) expect(list[0]).toMatchObject(exchange.causes.first);
}

function compareObject(wanted: NonNullable<Exchange['object']>, body: Json): void {
  expect(keysOf(body)).toEqual(wanted.keys);
  expect(body).toMatchObject({ kind: wanted.kind, apiVersion: wanted.apiVersion });
  const metadata = at(body, 'metadata');
  const keys = keysOf(metadata).filter((key) => key !== 'managedFields' && key !== 'annotations');
  expect(keys).toEqual(wanted.metadataKeys);
  const { labels, ...rest } = wanted.metadata ?? {};
  expect(metadata).toMatchObject(rest);
  if (wanted.kind === 'Node') expect(metadata).toMatchObject(labels === undefined ? {} : { labels });
  else expect(at(metadata, 'labels')).toEqual(labels);
  if (wanted.spec !== undefined) {
    const spec = at(body, 'spec') ?? {};
    if (wanted.kind !== 'Node') expect(spec).toEqual(wanted.spec);
    else for (const field of ['unschedulable', 'taints']) expect(at(spec, field)).toEqual(at(wanted.spec, field));
  }
  if (wanted.managers === undefined) return;
  const managers = at(metadata, 'managedFields');
  expect(Array.isArray(managers) ? managers : []).toMatchObject([...wanted.managers]);
  expect(managers).toHaveLength(wanted.managers.length);
}

function compareList(wanted: NonNullable<Exchange['list']>, body: Json): void {
  expect(body).toMatchObject({ kind: wanted.kind, apiVersion: wanted.apiVersion });
  expect(keysOf(at(body, 'metadata'))).toEqual(wanted.metadata);
  const items = at(body, 'items');
  const list = Array.isArray(items) ? items : [];
  expect(list.map((item) => textAt(item, 'metadata', 'name'))).toEqual(wanted.names);
  if (wanted.itemKeys !== undefined) expect(keysOf(list[0])).toEqual(wanted.itemKeys);
}

function compareDiscovery(exchange: Exchange, body: Json): void {
  if (exchange.keys !== undefined) expect(keysOf(body)).toEqual(exchange.keys);
  for (const [field, rows] of Object.entries(exchange.includes ?? {})) {
    expect(at(body, field)).toEqual(expect.arrayContaining([...rows]));
  }
  if (exchange.row === undefined) return;
  const groups = at(body, 'items');
  const served = (Array.isArray(groups) ? groups : []).flatMap((group) => at(group, 'versions', 0, 'resources') ?? []);
  expect(served).toContainEqual(exchange.row);
}

function compare(exchange: Exchange, answer: Called): void {
  expect(answer.status).toBe(exchange.status);
  for (const header of ['warning', 'retry-after']) expect(answer.headers[header]).toBe(exchange.headers?.[header]);
  if (answer.status !== 204) expect(answer.headers['content-type']).toBe(exchange.headers?.['content-type'] ?? 'application/json');
  if (exchange.text !== undefined) expect(answer.text).toBe(exchange.text);
  if (exchange.reason !== undefined) compareFailure(exchange, answer);
  if (exchange.object !== undefined) compareObject(exchange.object, answer.body);
  if (exchange.list !== undefined) compareList(exchange.list, answer.body);
  if (exchange.body !== undefined) expect(JSON.parse(normalised(JSON.stringify(answer.body)))).toMatchObject(exchange.body);
  compareDiscovery(exchange, answer.body);
}

describe.each(FILES)('answers like the recordings: %s', (file) => {
  let fake: FakeKubernetes;
  let api: Client;
  beforeAll(async () => {
    fake = await startFakeKubernetes({ objects: world(), users: USERS, now: () => NOW });
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
  it.each(exchanges(file).map((exchange) => [exchange.recording, exchange] as const))('%s', async (_name, exchange) => {
    compare(exchange, await ask(api, exchange));
  });
});
