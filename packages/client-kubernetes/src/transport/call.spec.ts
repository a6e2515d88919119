import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isTalonError } from '@falco-talon/core';
import {
  kubeconfigText,
  open,
  pod,
  QUICK,
  sendJson,
  status,
  type LoopbackApi,
  type Opened,
} from '../../spec/loopback-api.ts';
import { kubernetesFailure, PODS, type Kubernetes } from '../index.ts';

const CART = { namespace: 'shop', name: 'cart' };
const BUSY = status(429, 'TooManyRequests', 'the server is busy');

let opened: Opened;
let api: LoopbackApi;
let client: Kubernetes;

beforeEach(async () => {
  opened = await open();
  api = await opened.api((response) => sendJson(response, 200, pod('cart')), { tls: false });
  client = await opened.clientOf(api);
});
afterEach(() => opened.close());

const get = (signal = opened.signal) => client.get(PODS, CART, { signal });
const remove = (signal = opened.signal) => client.delete(PODS, CART, { signal });
const label = (signal = opened.signal) => client.patch(PODS, CART, { type: 'merge', body: {} }, { signal });

/** Answers the first calls with `failure`, the others with success. */
function failFirst(times: number, failure: LoopbackApi['respond']): void {
  const { respond } = api;
  api.respond = (...given) => (api.received.length <= times ? failure(...given) : respond(...given));
}

describe('a read', () => {
  it.each([429, 500, 502, 503, 504])('is repeated after %d', async (code) => {
    failFirst(2, (response) => sendJson(response, code, status(code, '', 'not now')));
    expect(await get()).toMatchObject({ metadata: { name: 'cart' } });
    expect(api.received).toHaveLength(3);
  });

  it('is repeated after a reset', async () => {
    failFirst(1, (_, __, incoming) => incoming.socket.resetAndDestroy());
    expect(await get()).toMatchObject({ metadata: { name: 'cart' } });
  });

  it('is given up after a few attempts', async () => {
    api.respond = (response) => sendJson(response, 503, status(503, 'ServiceUnavailable', 'etcd is down'));
    await expect(get()).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    expect(api.received).toHaveLength(QUICK.attempts);
  });

  it.each([400, 401, 403, 404, 405, 409, 410, 415, 422])('is not repeated after %d', async (code) => {
    api.respond = (response) => sendJson(response, code, status(code, '', 'no'));
    await expect(get()).rejects.toThrow();
    expect(api.received).toHaveLength(1);
  });

  it('is repeated when the answer ends in the middle', async () => {
    failFirst(1, (response, _, incoming) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
      response.write('{"kind":"Pod"', () => incoming.socket.destroy());
    });
    expect(await get()).toMatchObject({ metadata: { name: 'cart' } });
  });

  it('that finds nobody listening is unavailable', async () => {
    await api.close();
    const error = await get().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(kubernetesFailure(error)).toMatchObject({ status: 0, reason: 'ConnectionFailed', method: 'GET' });
  });
});

describe('Retry-After', () => {
  it('is waited for, in seconds', async () => {
    failFirst(1, (response) => sendJson(response, 429, BUSY, { 'retry-after': '1' }));
    let waited = false;
    const timer = setTimeout(() => (waited = true), 990);
    await get();
    clearTimeout(timer);
    expect(waited).toBe(true);
  });

  it('longer than worth holding a step for is handed to the caller', async () => {
    client = await opened.clientOf(api, { ...QUICK, callTime: 600_000 });
    api.respond = (response) => sendJson(response, 429, BUSY, { 'retry-after': '60' });
    await expect(get()).rejects.toMatchObject({ code: 'throttled', retryable: true, retryAfter: 60_000 });
    expect(api.received).toHaveLength(1);
  });

  it('is understood as a date and from the body', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    api.respond = (response) => sendJson(response, 429, BUSY, { 'retry-after': date });
    const error = (await get().catch((e: unknown) => e)) as { retryAfter: number };
    expect(error.retryAfter).toBeGreaterThan(3_500_000);
    expect(error.retryAfter).toBeLessThanOrEqual(3_600_000);
    api.respond = (response) => sendJson(response, 429, { ...(BUSY as object), details: { retryAfterSeconds: 77 } });
    await expect(get()).rejects.toMatchObject({ retryAfter: 77_000 });
  });

  it('that no server can mean is a day', async () => {
    api.respond = (response) => sendJson(response, 429, { ...(BUSY as object), details: { retryAfterSeconds: 1e308 } });
    await expect(get()).rejects.toMatchObject({ retryAfter: 86_400_000 });
    api.respond = (response) => sendJson(response, 429, BUSY, { 'retry-after': '999999999' });
    await expect(get()).rejects.toMatchObject({ retryAfter: 86_400_000 });
  });
});

describe('a write', () => {
  it('is repeated after 429, which did nothing', async () => {
    failFirst(2, (response) => sendJson(response, 429, BUSY));
    await remove();
    expect(api.received.map(({ method }) => method)).toEqual(['DELETE', 'DELETE', 'DELETE']);
  });

  it('held by a disruption budget is not repeated here', async () => {
    const details = { causes: [{ reason: 'DisruptionBudget', message: 'the budget needs 2 pods' }] };
    api.respond = (response) => sendJson(response, 429, { ...(BUSY as object), details });
    await expect(remove()).rejects.toMatchObject({ code: 'throttled', retryable: true });
    expect(api.received).toHaveLength(1);
  });

  it.each([500, 503])('is not repeated after %d, and unavailable', async (code) => {
    api.respond = (response) => sendJson(response, code, status(code, '', 'not now'));
    await expect(label()).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    expect(api.received).toHaveLength(1);
  });

  it.each([502, 504])('has an unknown outcome after %d of a gateway', async (code) => {
    api.respond = (response) => response.writeHead(code, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    await expect(label()).rejects.toMatchObject({ code: 'outcome_unknown', retryable: true });
    expect(api.received).toHaveLength(1);
  });

  it('that was sent and then reset has an unknown outcome', async () => {
    api.respond = (_, __, incoming) => incoming.socket.resetAndDestroy();
    const error = await remove().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'outcome_unknown', retryable: true });
    expect((error as Error).message).toContain('delete pods shop/cart');
    expect(api.received).toHaveLength(1);
  });

  it('that was sent and not answered has an unknown outcome', async () => {
    client = await opened.clientOf(api, { ...QUICK, attemptTime: 500 });
    api.respond = () => {};
    await expect(remove()).rejects.toMatchObject({ code: 'outcome_unknown', retryable: true });
    expect(api.received).toHaveLength(1);
  });

  it('whose success cannot be read has an unknown outcome', async () => {
    api.respond = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>log in</p>');
    await expect(label()).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  it('is repeated when the connection broke before anything was sent', async () => {
    const secure = await opened.api((response) => sendJson(response, 200, pod('cart')));
    secure.onConnection = (socket, nth) => void (nth <= 2 && socket.destroy());
    client = await opened.clientOf(secure);
    await remove();
    expect(secure.received).toHaveLength(1);
    expect(secure.connections.accepted).toBe(3);
  });
});

describe('time and abort', () => {
  it('a server that does not answer is a timeout', async () => {
    client = await opened.clientOf(api, { ...QUICK, attemptTime: 50 });
    api.respond = () => {};
    await expect(get()).rejects.toMatchObject({ code: 'timeout', retryable: true });
    expect(api.received).toHaveLength(1);
  });

  it('a server that stops in the middle of an answer is a timeout', async () => {
    client = await opened.clientOf(api, { ...QUICK, attemptTime: 50 });
    api.respond = (response) => response.writeHead(200, { 'content-length': 100 }).write('{');
    await expect(get()).rejects.toMatchObject({ code: 'timeout' });
  });

  it('a server that accepts and does not shake hands is a timeout, for a write too', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const server = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const config = await opened.file('silent', kubeconfigText({ server, 'insecure-skip-tls-verify': true }));
    client = await opened.client(config, { limits: { ...QUICK, attemptTime: 50 } });
    await expect(remove()).rejects.toMatchObject({ code: 'timeout', retryable: true });
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('the attempts of a call end with its time', async () => {
    client = await opened.clientOf(api, {
      ...QUICK,
      attempts: 1_000_000,
      callTime: 60,
      firstBackoff: 1,
      longestBackoff: 5,
    });
    api.respond = (response) => sendJson(response, 500, status(500, '', 'no'));
    await expect(get()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('an abort ends a call in flight, and its connection', async () => {
    const abort = new AbortController();
    const gone = new Promise((resolve) => {
      api.respond = (_, __, incoming) => {
        incoming.socket.once('close', resolve);
        abort.abort();
      };
    });
    await expect(get(abort.signal)).rejects.toMatchObject({ code: 'aborted', cause: { kind: 'kubernetes-failure' } });
    await gone;
    expect(abort.signal.aborted).toBe(true);
  });

  it('an abort of a write in flight says that it had been sent', async () => {
    const abort = new AbortController();
    api.respond = () => abort.abort();
    await expect(label(abort.signal)).rejects.toThrow(/had been sent and may have had its effect/);
  });

  it('an abort by a time limit is a timeout', async () => {
    api.respond = () => {};
    await expect(get(AbortSignal.timeout(20))).rejects.toMatchObject({ code: 'timeout' });
  });

  it('an abort ends the wait before the next attempt', async () => {
    client = await opened.clientOf(api, { ...QUICK, longestRetryAfter: 600_000, callTime: 600_000 });
    const abort = new AbortController();
    api.respond = (response) => sendJson(response, 429, BUSY, { 'retry-after': '500' });
    // The wait is the first to listen after the request arrived.
    const listen = abort.signal.addEventListener.bind(abort.signal);
    abort.signal.addEventListener = (...given: Parameters<typeof listen>) => {
      if (api.received.length > 0) setImmediate(() => abort.abort());
      listen(...given);
    };
    await expect(get(abort.signal)).rejects.toMatchObject({ code: 'aborted' });
    expect(api.received).toHaveLength(1);
  });

  it('nothing is sent for a signal that is aborted already', async () => {
    await expect(get(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    expect(api.connections.accepted).toBe(0);
  });

  it('leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...given: Parameters<typeof add>) => (listeners++, add(...given));
    signal.removeEventListener = (...given: Parameters<typeof remove>) => (listeners--, remove(...given));
    failFirst(1, (response) => sendJson(response, 500, status(500, '', 'no')));
    await get(signal);
    expect(listeners).toBe(0);
  });
});

describe('an answer that is too large', () => {
  const limits = { ...QUICK, answerBytes: 1000 };

  it('is refused by its announced length', async () => {
    client = await opened.clientOf(api, limits);
    api.respond = (response) => response.writeHead(200, { 'content-length': 1_000_000 }).write('{');
    await expect(get()).rejects.toMatchObject({ code: 'too_large', retryable: false });
  });

  it('is cut off when its length was not announced', async () => {
    client = await opened.clientOf(api, limits);
    const gone = new Promise((resolve) => {
      api.respond = (response) => {
        response.once('close', resolve);
        const more = (): void =>
          void (!response.destroyed && response.write('x'.repeat(900), () => setImmediate(more)));
        more();
      };
    });
    const error = await get().catch((e: unknown) => e);
    expect(isTalonError(error) && error.code).toBe('too_large');
    await gone;
  });
});
