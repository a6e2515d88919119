import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '@falco-talon/fake-kubernetes';
import type { IngestAnswer } from '@falco-talon/engine';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { alert, json, post, raw, testServer, type TestServer } from './testing-server.ts';

const open: TestServer[] = [];
async function started(...options: Parameters<typeof testServer>): Promise<TestServer> {
  const server = await testServer(...options);
  open.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

describe('the other paths', () => {
  it('say that the process is alive', async () => {
    const server = await started();
    const response = await fetch(`${server.url}/healthz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
    expect((await fetch(`${server.url}/healthz`, { method: 'HEAD' })).status).toBe(200);
  });

  it('say whether queue and clients work, and ask them once a second at most', async () => {
    const server = await started();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    await fetch(`${server.url}/readyz`);
    expect(server.engine.readyCalls).toBe(1);

    server.time = 1001;
    server.engine.checks = [
      { name: 'queue', ok: true },
      { name: 'client kubernetes', ok: false, reason: 'no answer' },
    ];
    const broken = await fetch(`${server.url}/readyz`);
    expect(broken.status).toBe(503);
    expect(await broken.json()).toEqual({
      status: 'not ready',
      checks: [
        { name: 'queue', ok: true },
        { name: 'client kubernetes', ok: false, reason: 'no answer' },
      ],
    });

    server.time = 3000;
    server.engine.ready = () => Promise.reject(new Error('odd'));
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
  });

  it('show the metrics', async () => {
    const server = await started();
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/);
    expect(await response.text()).toContain('# TYPE falcosecurity_falco_talon_events_total counter');
  });

  it('end a connection that sends thousands of requests ahead, and count it once', async () => {
    const server = await started();
    for (const path of ['/metrics', '/readyz', '/nothing'])
      await raw(server.port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(2_000));
    expect(server.metricsCalls).toBe(1);
    // Of each packet no more is built than the requests that may be ahead, and the one that is too many.
    expect(server.aliveCalls).toBe(3 * 5);
    expect(server.refused).toEqual([429, 429, 429]);
    const few = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n';
    const last = few.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    expect((await raw(server.port, few.repeat(3), last)).match(/HTTP\/1.1 200 /g)).toHaveLength(4);
  });

  it('refuse other methods with 405 and other paths with 404', async () => {
    const server = await started();
    const wrong = await post(server, alert, json, '/healthz');
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('GET, HEAD');
    const lost = await post(server, alert, json, '/events');
    expect(lost.status).toBe(404);
    expect(await lost.json()).toMatchObject({ status: 404, detail: 'alerts are sent to the path /' });
    expect(
      await raw(server.port, 'POST //.. HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}'),
    ).toMatch(/^HTTP\/1.1 40[04] /);
    expect(server.engine.bodies).toEqual([]);
  });

  it('read no body, and end the connection of whoever sends one', async () => {
    const server = await started();
    const endless = 'HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n';
    for (const path of ['/healthz', '/metrics', '/nothing'])
      expect(await raw(server.port, `GET ${path} ${endless}`)).toMatch(/connection: close/i);
    const other = await raw(server.port, `POST / ${endless.replace('\r\n\r\n', '\r\nExpect: tea\r\n\r\n')}`);
    expect(other).toMatch(/^HTTP\/1.1 417 [^]*"code":"expectation"/);
    expect(server.refused).toEqual([417]);
  });
});

it('no other path reaches the intake', async () => {
  const server = await started();
  const segment = fc.constantFrom(
    '/',
    '//',
    '.',
    '..',
    '%2F',
    '%2f',
    '%00',
    '\\',
    ';',
    '#',
    '*',
    'http://a/',
    '@',
    'x',
    '%',
    'healthz',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 5 }), async (segments) => {
      const path = segments.join('');
      fc.pre(path !== '/' && path !== 'http://a/');
      const request = `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`;
      expect(await raw(server.port, request)).toMatch(/^HTTP\/1.1 40[045] /);
    }),
    { numRuns: 200 },
  );
  expect(server.engine.bodies).toEqual([]);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

describe('the target of a request', () => {
  const asked = (server: TestServer, target: string, method = 'POST') =>
    raw(server.port, `${method} ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`);

  it.each(['http://a/', 'http://a', 'HTTPS://a:1/?x=http://b/c', 'http://a?x'])(
    'may be a whole URL: %s',
    async (target) => {
      const server = await started();
      expect(await asked(server, target)).toMatch(/^HTTP\/1.1 202 /);
    },
  );
  it('is one and the same for door and routes', async () => {
    const server = await started();
    expect(await asked(server, 'http://a/healthz', 'GET')).toMatch(/^HTTP\/1.1 200 /);
    expect(await asked(server, 'http://healthz/x', 'GET')).toMatch(/^HTTP\/1.1 404 /);
  });
  it.each(['*', 'http://u:p@a/', 'ftp://a/', 'http:///', 'a', 'a:443'])('names a path: %s does not', async (target) => {
    const server = await started();
    expect(await asked(server, target, 'OPTIONS')).toMatch(/^HTTP\/1.1 400 [^]*(target|malformed)/);
    expect(server.engine.bodies).toEqual([]);
  });
  it('is no tunnel', async () => {
    const server = await started();
    expect(await raw(server.port, 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1.1 405 /);
    expect(server.reasons).toEqual(['method']);
  });
  it('is no tunnel for whoever is gone before the answer: nothing is thrown past everything', async () => {
    const thrown: unknown[] = [];
    const note = (error: unknown) => void thrown.push(error);
    process.on('uncaughtException', note);
    const server = await started();
    const socket = connect(server.port, '127.0.0.1');
    const gone = once(socket, 'close');
    // Called before the answer is written.
    server.reasons.push = (reason) => (socket.resetAndDestroy(), Number(reason !== ''));
    socket.write('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n');
    await gone;
    await server.close(1_000);
    process.off('uncaughtException', note);
    expect(thrown).toEqual([]);
  });
});

it('nothing is built of what comes behind an answer that ends the connection', async () => {
  const server = await testServer({}, {}, undefined, { auth: { tokens: ['a-token-of-enough-characters'] } });
  open.push(server);
  const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}';
  const answer = await raw(server.port, post.repeat(1000));
  expect(answer.match(/HTTP\/1.1 /g)).toHaveLength(1);
  expect(server.aliveCalls).toBeLessThanOrEqual(2);
  expect(server.refused).toEqual([401]);
});

it.each([
  ['more behind the last request', 'Connection: close\r\n', 'POST / HTTP/1.1\r\n\r\n', ['202']],
  ['what is no HTTP behind a request', '', 'nonsense\r\n\r\n', ['202', '400']],
  [
    'more behind a request that is refused',
    '',
    'GET /no HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\nGET / HTTP/1.1\r\n',
    ['202', '417'],
  ],
])('%s leaves the alert before it its answer', async (_, header, more, statuses) => {
  const server = await started();
  const given = Promise.withResolvers<IngestAnswer>();
  server.engine.answer = given.promise;
  const received = raw(server.port, `POST / HTTP/1.1\r\nHost: a\r\n${header}Content-Length: 12\r\n\r\n${alert}${more}`);
  await vi.waitFor(() => expect(server.engine.bodies).toHaveLength(1));
  given.resolve({ kind: 'accepted', id: 'id-1', traceId: 'a'.repeat(32), duplicate: false });
  expect([...(await received).matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(statuses);
});

it('alerts sent ahead keep their bodies, when others behind them are too many', async () => {
  const server = await started();
  const { promise, resolve } = Promise.withResolvers<Awaited<typeof server.engine.answer>>();
  const accepted = await server.engine.answer;
  server.engine.answer = promise;
  const post = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${alert.length}\r\n\r\n${alert}`;
  await raw(server.port, post.repeat(20));
  resolve(accepted);
  expect(server.engine.bodies.map(({ body }) => body.toString())).toEqual(Array.from({ length: 4 }, () => alert));
});

describe('stopping', () => {
  it('refuses events and turns readiness red at once', async () => {
    const server = await started();
    server.stopping = true;
    const refused = await post(server, alert);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it('answers what is being received, and closes what idles', async () => {
    const server = await testServer();
    const { promise, resolve } = Promise.withResolvers<Awaited<typeof server.engine.answer>>();
    const accepted = await server.engine.answer;
    server.engine.answer = promise;
    const idle = connect(server.port, '127.0.0.1');
    idle.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');
    const answer = post(server, alert);
    while (server.engine.bodies.length === 0) await new Promise(setImmediate);
    const closed = server.close(60_000);
    await once(idle, 'close');
    resolve(accepted);
    expect((await answer).status).toBe(202);
    await closed;
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('does not wait longer than it may', async () => {
    const server = await testServer();
    const half = request({ port: server.port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': 9 } });
    half.on('error', () => {});
    half.flushHeaders();
    await once(half, 'socket');
    await server.close(10);
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('does not wait for handshakes that never end', async () => {
    const authority = createAuthority();
    const folder = await mkdtemp(join(tmpdir(), 'server-'));
    const { certificate: cert, key } = authority.issueServer();
    const tls = { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') };
    await Promise.all([writeFile(tls.cert_file, cert), writeFile(tls.key_file, key)]);
    const server = await testServer({}, {}, undefined, { tls });
    const silent = connect(server.port, '127.0.0.1');
    await once(silent, 'connect');
    await server.close(10);
    await expect(fetch(server.url)).rejects.toThrow();
    await rm(folder, { recursive: true });
  });
});

describe('listening', () => {
  it('says in one sentence why it cannot', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(testServer({}, { port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: another process uses this port; stop it or set listen_port`,
    );
    other.close();
    await expect(testServer({}, { address: '203.0.113.1' })).rejects.toThrow(/set listen_address/);
  });
});
