import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fit, publishedSchema } from '@falco-talon/core';
import { outcomeRecord, runNotifier, TEST_TIME, testNotifier, testPlugin, type Hang } from '@falco-talon/testkit';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import plugin from '../index.ts';
import { webhook } from './webhook.ts';

interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const received: Received[] = [];
let answer: Answer;
let connections = 0;

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
  received.push({ method: request.method, path: request.url, headers: request.headers, body });
  answer(request, response);
});
server.on('connection', () => connections++);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function reset(): void {
  received.length = 0;
  answer = (_, response) => response.writeHead(204).end();
}
beforeEach(reset);

function hang(): Hang {
  const held: ServerResponse[] = [];
  const reached = new Promise<void>((resolve) => {
    answer = (_, response) => {
      held.push(response);
      resolve();
    };
  });
  return { reached, release: () => held.forEach((response) => response.destroy()) };
}

testPlugin(plugin, { directory: new URL('../..', import.meta.url) });
testNotifier(webhook, {
  settings: () => ({ url: `http://${host}/hook` }),
  prepare: reset,
  received: () => received,
  hang,
  idle: async () => {
    server.closeAllConnections();
    // The other end, which keeps them for the next record, has to hear of it.
    await delay(50);
  },
});

const notify = (settings: Record<string, unknown> = {}, more: Parameters<typeof runNotifier>[1] = {}) =>
  runNotifier(webhook, { ...more, settings: { url: `http://${host}/hook`, ...settings } });

describe('webhook', () => {
  it('sends the whole record as JSON', async () => {
    const record = outcomeRecord({ event: 'text with "quotes" and \ud800' });
    await notify({}, { records: [record] });
    expect(received[0]).toMatchObject({
      method: 'POST',
      path: '/hook',
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'falco-talon' },
      body: record,
    });
  });

  it('sends the short form with its four keys, also when there is no pod', async () => {
    await notify({ format: 'short' });
    await notify({ format: 'short' }, { records: [outcomeRecord({ objects: { lambda: 'x' }, status: 'failure' })] });
    expect(received.map(({ body }) => body)).toEqual([
      { pod: 'cart-x2x9z', namespace: 'shop', action: 'Label Pod as Suspicious', status: 'success' },
      { pod: '', namespace: '', action: 'Label Pod as Suspicious', status: 'failure' },
    ]);
  });

  it('lets custom headers win whatever their case, and uses the method it is told', async () => {
    await notify({
      http_method: 'PUT',
      user_agent: 'me',
      custom_headers: { 'CONTENT-TYPE': 'text/json', 'X-Number': 5, authorization: 'Bearer token' },
    });
    expect(received[0]).toMatchObject({
      method: 'PUT',
      headers: { 'content-type': 'text/json', 'user-agent': 'me', 'x-number': '5', authorization: 'Bearer token' },
    });
  });

  it('sends user and password of the URL as basic authentication', async () => {
    await notify({ url: `http://me:s%40cret%25@${host}/hook?a=1` });
    expect(received[0]?.path).toBe('/hook?a=1');
    expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:s@cret%').toString('base64')}`);
  });

  it.each([
    ['url', 'ftp://example.com', 'does not have the'],
    ['url', 'example.com/hook', 'does not have the'],
    ['url', 'http://', 'does not have the'],
    ['http_method', 'GET', 'must be one of POST, PUT, PATCH'],
    ['user_agent', 'a\r\nX-Evil: 1', 'does not have the'],
    ['content_type', 'a\nb', 'does not have the'],
    ['custom_headers', { 'X-A': 'a\r\nX-Evil: 1' }, 'does not have the'],
    ['custom_headers', { 'X-A: 1\r\nX-Evil': '1' }, 'key'],
    ['format', 'long', 'must be one of full, short'],
  ])('refuses %s %j in the configuration', (key, value, message) => {
    const { issues } = fit(webhook.settings, { url: 'http://example.com', [key]: value });
    expect(issues).toHaveLength(1);
    expect(issues[0]?.message).toContain(message);
  });

  it('asks for nothing but the url', () => {
    expect(publishedSchema(webhook.settings).required).toEqual(['url']);
    expect(fit(webhook.settings, {}).issues).toHaveLength(1);
  });

  it('refuses headers that belong to the connection', async () => {
    const { error } = await notify({ custom_headers: { Host: 'elsewhere' } });
    expect(error?.code).toBe('invalid_config');
    expect(received).toEqual([]);
  });

  it.each([
    [400, 'rejected', false],
    [401, 'unauthorized', false],
    [403, 'forbidden', false],
    [404, 'rejected', false],
    [413, 'too_large', false],
    [429, 'throttled', true],
    [500, 'unavailable', true],
    [503, 'unavailable', true],
  ])('turns the answer %i into %s', async (status, code, retryable) => {
    answer = (_, response) => response.writeHead(status).end('the disk\n is full');
    const { error } = await notify();
    expect(error).toMatchObject({ code, retryable, message: `${host} answered ${status}: the disk is full` });
  });

  it.each([
    ['7', 7000],
    [new Date(TEST_TIME + 60_000).toUTCString(), 59_322],
    [new Date(TEST_TIME - 60_000).toUTCString(), 0],
    ['999999999', 3_600_000],
    ['soon', undefined],
  ])('understands Retry-After: %s', async (header, expected) => {
    answer = (_, response) => response.writeHead(429, { 'retry-after': header }).end();
    expect((await notify()).error?.retryAfter).toBe(expected);
  });

  it.each([
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '[::ffff:a9fe:a9fe]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[fd00:ec2::23]',
    '[fd20:ce::254]',
    '168.63.129.16',
    '[::ffff:168.63.129.16]',
    '[64:ff9b::a9fe:a9fe]',
    '100.100.100.200',
  ])('sends nothing to where machines get their credentials: %s', async (address) => {
    const { error } = await notify({ url: `http://${address}/latest/meta-data` });
    expect(error).toMatchObject({ code: 'refused', retryable: false });
    expect(error?.message).not.toContain('meta-data');
  });

  it('nor where a name leads, whichever of its addresses, at the moment it connects', async () => {
    const real = dns.lookup;
    let asked = 0;
    const rebound = (_: string, __: object, done: (error: null, found: object[]) => void) => {
      asked++;
      done(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '169.254.169.254', family: 4 },
      ]);
    };
    dns.lookup = rebound as unknown as typeof real;
    syncBuiltinESMExports();
    try {
      const { error } = await notify({ url: `http://hooks.example.com:${host.split(':')[1]}/` });
      expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining('169.254.169.254') });
    } finally {
      dns.lookup = real;
      syncBuiltinESMExports();
    }
    expect([asked, received]).toEqual([1, []]);
  });

  it('does not follow a redirect', async () => {
    answer = (_, response) => response.writeHead(307, { location: `http://${host}/elsewhere` }).end();
    const { error } = await notify();
    expect(error).toMatchObject({ code: 'rejected', retryable: false });
    expect(received.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('may be repeated when the connection is refused or reset', async () => {
    answer = (_, response) => response.destroy();
    expect((await notify()).error).toMatchObject({ code: 'unavailable', retryable: true });
    const refused = createServer().listen(0, '127.0.0.1');
    await once(refused, 'listening');
    const { port } = refused.address() as AddressInfo;
    refused.close();
    await once(refused, 'close');
    const { error } = await notify({ url: `http://127.0.0.1:${port}/` });
    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(error?.message).toContain('ECONNREFUSED');
  });

  it('reads no more of an endless answer than it shows', async () => {
    const closed = new Promise<void>((resolve) => {
      answer = (_, response) => {
        response.on('close', resolve);
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(1024)));
          if (!response.destroyed) response.once('drain', more);
        };
        response.writeHead(500);
        more();
      };
    });
    const { error } = await notify();
    expect(error?.code).toBe('unavailable');
    expect(error?.message.length).toBeLessThan(400);
    await closed;
  });

  it('keeps its connections for the next records', async () => {
    const before = connections;
    for (let count = 0; count < 20; count++) await notify();
    // The pool may open a second one while the first is still reading the end of an answer.
    expect(connections - before).toBeLessThanOrEqual(2);
  });

  it('shows neither credentials nor tokens, even when the server echoes them', async () => {
    answer = (request, response) =>
      response.writeHead(400).end(`bad ${request.url} ${JSON.stringify(request.headers)} p4ssw0rd-is`);
    const { error, lines } = await notify({
      url: `http://user:p4ssw0rd-is@${host}/services/T0KEN-IN-PATH?key=T0KEN-IN-QUERY`,
      custom_headers: { 'X-Key': 'T0KEN-IN-HEADER' },
    });
    expect(received).toHaveLength(1);
    const shown = JSON.stringify([error?.message, lines]);
    for (const secret of ['p4ssw0rd', 'T0KEN', Buffer.from('user:p4ssw0rd-is').toString('base64')]) {
      expect(shown).not.toContain(secret);
    }
    const misspelt = fit(webhook.settings, { url: 'htp://user:p4ssw0rd-is@host' });
    expect(JSON.stringify(misspelt.issues)).not.toContain('p4ssw0rd');
  });
});
