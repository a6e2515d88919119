import { afterEach, beforeEach, expect, it } from 'vitest';
import { open, pod, QUICK, sendJson, type LoopbackApi, type Opened } from '../../spec/loopback-api.ts';
import undici from 'undici';
import { openConnections } from './connections.ts';
import { kubernetes, PODS, type Kubernetes } from '../index.ts';

let opened: Opened;
let api: LoopbackApi;
let client: Kubernetes;

beforeEach(async () => {
  opened = await open();
  api = await opened.api((response) => sendJson(response, 200, pod('cart')));
  client = await opened.clientOf(api);
});
afterEach(() => opened.close());

const get = (name: string, signal = opened.signal) => client.get(PODS, { namespace: 'shop', name }, { signal });

it('opens at most 4 connections for 1,000 calls, made at once or one by one', async () => {
  await Promise.all(Array.from({ length: 700 }, (_, n) => get(`pod-${n}`)));
  for (let n = 0; n < 300; n++) await get(`pod-${n}`);
  expect(api.received).toHaveLength(1000);
  expect(api.connections.accepted).toBeLessThanOrEqual(4);
});

it('uses one connection for calls that follow each other', async () => {
  for (let n = 0; n < 20; n++) await get('cart');
  expect(api.connections.accepted).toBe(1);
});

it('keeps its connections after refusals', async () => {
  api.respond = (response) => sendJson(response, 404, { kind: 'Status', code: 404, details: { name: 'x' } });
  for (let n = 0; n < 20; n++) await expect(get('cart')).rejects.toMatchObject({ code: 'target_gone' });
  expect(api.connections.accepted).toBe(1);
});

it('calls that hold their connections do not hold up others', async () => {
  const respond = api.respond;
  const held: (() => void)[] = [];
  api.respond = (response, request, incoming) => {
    if (request.url.endsWith('/slow')) held.push(() => respond(response, request, incoming));
    else respond(response, request, incoming);
  };
  const slow = Array.from({ length: 6 }, () => get('slow'));
  const quick = await Promise.all(Array.from({ length: 20 }, (_, n) => get(`quick-${n}`)));
  expect(quick).toHaveLength(20);
  expect(held).toHaveLength(6);
  for (const answer of held) answer();
  expect(await Promise.all(slow)).toHaveLength(6);
});

it('bounds the connections that are held, and closes what is more than usual afterwards', async () => {
  client = await opened.clientOf(api, { ...QUICK, connections: 1, mostConnections: 3 });
  const respond = api.respond;
  const held: (() => void)[] = [];
  const third = new Promise<void>((resolve) => {
    api.respond = (...given) => {
      held.push(() => respond(...given));
      if (held.length === 3) resolve();
    };
  });
  const calls = Array.from({ length: 5 }, (_, n) => get(`slow-${n}`));
  await third;
  const closed = new Promise<void>((resolve) => {
    for (const socket of api.connections.open) socket.once('close', () => api.connections.open.size === 1 && resolve());
  });
  api.respond = respond;
  for (const answer of held) answer();
  await Promise.all(calls);
  await closed;
  expect(api.connections.accepted).toBe(3);
  expect(api.connections.open.size).toBe(1);
});

it('calls aborted while they wait are never sent, and cost no connection', async () => {
  client = await opened.clientOf(api, { ...QUICK, connections: 1, mostConnections: 1 });
  const respond = api.respond;
  let answer: (() => void) | undefined;
  const arrived = new Promise<void>((resolve) => {
    api.respond = (...given) => {
      answer = () => respond(...given);
      resolve();
    };
  });
  const first = get('first');
  await arrived;
  const abort = new AbortController();
  const waiting = Array.from({ length: 50 }, (_, n) => get(`waiting-${n}`, abort.signal));
  abort.abort();
  for (const call of waiting) await expect(call).rejects.toMatchObject({ code: 'aborted' });
  api.respond = respond;
  answer?.();
  await first;
  await get('last');
  expect(api.received.map(({ url }) => url.split('/').at(-1))).toEqual(['first', 'last']);
  expect(api.connections.accepted).toBe(1);
});

it('an abort while the connection is made keeps the connection for the next call', async () => {
  const abort = new AbortController();
  api.onConnection = () => abort.abort();
  await expect(get('first', abort.signal)).rejects.toMatchObject({ code: 'aborted' });
  await get('second');
  expect(api.received).toHaveLength(1);
  expect(api.connections.accepted).toBe(1);
});

it('refuses calls beyond the number that may wait', async () => {
  client = await opened.clientOf(api, { ...QUICK, connections: 1, waiting: 2 });
  const calls = await Promise.allSettled(Array.from({ length: 5 }, (_, n) => get(`pod-${n}`)));
  const refused = calls.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  expect(refused.map(({ reason }) => reason.code)).toEqual(['throttled', 'throttled']);
});

it('close ends idle connections, lets running calls finish, and refuses new ones', async () => {
  await get('cart');
  const respond = api.respond;
  let answer: (() => void) | undefined;
  const arrived = new Promise<void>((resolve) => {
    api.respond = (...given) => {
      answer = () => respond(...given);
      resolve();
    };
  });
  const running = get('running');
  await arrived;
  const closed = kubernetes.close?.(client);
  await expect(get('late')).rejects.toMatchObject({ code: 'aborted', cause: { reason: 'ClientClosed' } });
  answer?.();
  expect(await running).toMatchObject({ kind: 'Pod' });
  await closed;
  await Promise.all([...api.connections.open].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
});

it('drained while it is held, it still finishes what waits, and then closes', async () => {
  const tls = { ca: api.authority?.certificate ?? '', rejectUnauthorized: true };
  const connections = openConnections(undici, { origin: api.url, tls }, { ...QUICK, connections: 2 });
  const started: string[] = [];
  const releases: (() => void)[] = [];
  const submit = (name: string) =>
    connections.submit({
      lasting: false,
      start: (_, release) => {
        started.push(name);
        releases.push(release);
      },
      refuse: () => started.push('refused'),
    });
  submit('a');
  submit('b');
  submit('c');
  const resume = connections.hold();
  const drained = connections.drain();
  for (const release of releases.splice(0)) release();
  expect(started).toEqual(['a', 'b']);
  resume();
  expect(started).toEqual(['a', 'b', 'c']);
  releases[0]?.();
  await drained;
});
