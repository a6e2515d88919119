import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { open, pod, QUICK, sendJson, status, type LoopbackApi, type Opened } from '../../spec/loopback-api.ts';
import { PODS, type Kubernetes, type KubernetesObject, type WatchEvent } from '../index.ts';
import type { ServerResponse } from 'node:http';
import { createLines } from './lines.ts';

let opened: Opened;
let api: LoopbackApi;
let client: Kubernetes;
let watches: ServerResponse[];
let onWatch: (response: ServerResponse, nth: number) => void;

beforeEach(async () => {
  opened = await open();
  watches = [];
  onWatch = () => {};
  api = await opened.api(
    (response, { url }) => {
      if (!url.includes('watch=true')) return sendJson(response, 200, pod('cart'));
      watches.push(response);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      onWatch(response, watches.length);
    },
    { tls: false },
  );
  client = await opened.clientOf(api);
});
afterEach(() => opened.close());

const event = (name: string, version: number, padding = '') =>
  `${JSON.stringify({
    type: 'ADDED',
    object: {
      metadata: { name, namespace: 'shop', uid: name, resourceVersion: String(version), annotations: { padding } },
    },
  })}\n`;

const watchFrom = (version = '5', signal = opened.signal, by = client) =>
  by.watch(PODS, { namespace: 'shop', resourceVersion: version, signal });

async function names(events: AsyncGenerator<WatchEvent<KubernetesObject>, never, void>, count: number) {
  const found: string[] = [];
  while (found.length < count) found.push((await events.next()).value.object.metadata.name);
  return found;
}

describe('the lines of a watch', () => {
  const bytes = Buffer.from('{"a":"é€😀"}\n\n{"b":1}\r\n{"unfinished');

  it.each(Array.from({ length: bytes.length }, (_, cut) => cut))('are whole when cut at %d', (cut) => {
    const lines = createLines(100);
    const found = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((chunk) => lines.push(chunk).lines);
    expect(found.map((line) => line.trim())).toEqual(['{"a":"é€😀"}', '{"b":1}']);
  });

  it('are bounded each, not all together', () => {
    const lines = createLines(10);
    expect(lines.push(Buffer.from('123456789\n'.repeat(10))).lines).toHaveLength(10);
    expect(lines.push(Buffer.from('12345'))).toEqual({ lines: [], tooLong: false });
    expect(lines.push(Buffer.from('123456'))).toEqual({ lines: [], tooLong: true });
  });
});

describe('what comes over a watch', () => {
  it('may come byte by byte', async () => {
    onWatch = (response) => {
      for (const byte of Buffer.from(event('é', 6) + event('b', 7))) response.write(Buffer.of(byte));
    };
    const events = watchFrom();
    expect(await names(events, 2)).toEqual(['é', 'b']);
    await events.return(undefined as never);
  });

  it('waits while the reader is slow, and is all there', async () => {
    const padding = 'x'.repeat(64 * 1024);
    let written = 0;
    onWatch = (response) => {
      const write = (): void => {
        while (written < 2_000) if (!response.write(event('pod', 6 + written++, padding))) break;
        if (written < 2_000) response.once('drain', write);
      };
      write();
    };
    const events = watchFrom();
    await events.next();
    const before = process.memoryUsage().arrayBuffers;
    // Calls go on meanwhile; the server has had all the time it needs to send 128 MB.
    for (let n = 0; n < 50; n++) await client.get(PODS, { namespace: 'shop', name: 'cart' }, { signal: opened.signal });
    expect(written).toBeLessThan(1_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
    let version = 6;
    while (version < 2_005) {
      const { resourceVersion } = (await events.next()).value.object.metadata;
      expect(Number(resourceVersion)).toBe(++version);
    }
    await events.return(undefined as never);
  });

  it('is too large when one object is', async () => {
    const small = await opened.clientOf(api, { ...QUICK, watchLine: 1_000 });
    onWatch = (response) => void response.write(event('a', 6) + event('b', 7, 'x'.repeat(1_000)));
    const events = watchFrom('5', opened.signal, small);
    expect(await names(events, 1)).toEqual(['a']);
    await expect(events.next()).rejects.toMatchObject({ code: 'too_large', retryable: false });
  });

  it('that is refused for good ends the watch', async () => {
    onWatch = (response) =>
      void response.end(`${JSON.stringify({ type: 'ERROR', object: status(403, 'Forbidden', 'no longer') })}\n`);
    await expect(watchFrom().next()).rejects.toMatchObject({ code: 'forbidden' });
    expect(watches).toHaveLength(1);
  });

  it.each([
    ['an answer that ends at once', (response: ServerResponse) => void response.end(), 'ended as soon'],
    ['a page of a proxy', (response: ServerResponse) => void response.end('<html>\n</html>\n'), 'no event'],
    ['a reset', (response: ServerResponse) => void response.socket?.resetAndDestroy(), 'cannot watch pods'],
    [
      'nothing but errors',
      (response: ServerResponse) =>
        void response.end(`${JSON.stringify({ type: 'ERROR', object: status(500, '', 'etcd is down') })}\n`),
      'etcd is down',
    ],
    [
      'nothing but 410',
      (response: ServerResponse) =>
        void response.end(`${JSON.stringify({ type: 'ERROR', object: status(410, 'Expired', 'too old') })}\n`),
      'cannot',
    ],
  ])('may fail again and again: %s; then the last failure is thrown', async (_, fails, words) => {
    const impatient = await opened.clientOf(api, { ...QUICK, attempts: 1, watchPatience: 200 });
    onWatch = fails;
    const error = await watchFrom('5', opened.signal, impatient)
      .next()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ kind: 'talon-error', retryable: true });
    expect(String(error)).toContain(words);
  });
});

describe('connections', () => {
  it('are as many as there are watches, and gone with them', async () => {
    onWatch = (response) => void response.write(event('a', 6));
    const all = Array.from({ length: 10 }, () => watchFrom());
    await Promise.all(all.map((events) => events.next()));
    expect(api.connections.open.size).toBe(10);
    const gone = [...api.connections.open].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await Promise.all(all.map((events) => events.return(undefined as never)));
    await Promise.all(gone);
    expect(api.connections.open.size).toBe(0);
  });

  it('are one for a watch that is cut a hundred times', async () => {
    onWatch = (response, nth) => void response.end(event(`pod-${nth}`, 5 + nth));
    const events = watchFrom();
    expect(new Set(await names(events, 100)).size).toBe(100);
    await events.return(undefined as never);
    expect(api.connections.accepted).toBeLessThanOrEqual(2);
  });

  it('held by watches do not hold up calls, and are not all there are', async () => {
    const few = await opened.clientOf(api, { ...QUICK, connections: 1, mostConnections: 4, mostLasting: 3 });
    onWatch = (response, nth) => void response.write(event(`pod-${nth}`, 6));
    const running = Array.from({ length: 3 }, () => watchFrom('5', opened.signal, few));
    await Promise.all(running.map((events) => events.next()));
    const late = watchFrom('5', opened.signal, few);
    const more = late.next();
    for (let n = 0; n < 20; n++) await few.get(PODS, { namespace: 'shop', name: `p-${n}` }, { signal: opened.signal });
    expect(watches).toHaveLength(3);
    expect(api.connections.accepted).toBe(4);
    await running[0]?.return(undefined as never);
    expect((await more).value.object.metadata.name).toBe('pod-4');
    for (const events of [...running, late]) await events.return(undefined as never);
  });

  it('a watch that waits for one is withdrawn by its signal', async () => {
    const few = await opened.clientOf(api, { ...QUICK, mostLasting: 1 });
    onWatch = (response) => void response.write(event('a', 6));
    const first = watchFrom('5', opened.signal, few);
    await first.next();
    const stop = new AbortController();
    const second = watchFrom('5', stop.signal, few).next();
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: 'aborted' });
    const third = watchFrom('5', opened.signal, few);
    const more = third.next();
    await first.return(undefined as never);
    await more;
    await third.return(undefined as never);
    expect(watches).toHaveLength(2);
  });
});
