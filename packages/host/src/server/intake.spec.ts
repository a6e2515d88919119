import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
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

describe('POST /', () => {
  it('answers 202 with the id and the trace id, and hands over the bytes as they came', async () => {
    const server = await started();
    const response = await post(server, '{"rule":"ü", "n":1731945600482812345}', { ...json, traceparent: '00-ab' });
    expect(response.status).toBe(202);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ id: 'id-1', trace_id: 'a'.repeat(32) });
    expect(server.engine.bodies[0]?.body.toString()).toBe('{"rule":"ü", "n":1731945600482812345}');
    expect(server.engine.bodies[0]?.headers['traceparent']).toBe('00-ab');
    expect(server.refused).toEqual([]);
  });

  it('answers only when the engine has the event', async () => {
    const server = await started();
    const { promise, resolve } = Promise.withResolvers<Awaited<typeof server.engine.answer>>();
    server.engine.answer = promise;
    let answered = false;
    const response = post(server, alert).then((got) => ((answered = true), got));
    while (server.engine.bodies.length === 0) await new Promise(setImmediate);
    expect(answered).toBe(false);
    resolve({ kind: 'accepted', id: 'late', traceId: 't', duplicate: true });
    expect((await response).status).toBe(202);
  });

  it.each(['application/json; charset=utf-8', 'text/plain', 'TEXT/PLAIN;charset=x', 'application/vnd.falco+json', ''])(
    'takes the content type %j',
    async (type) => {
      const server = await started();
      const lines = type === '' ? '' : `Content-Type: ${type}\r\n`;
      const answer = await raw(
        server.port,
        `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}Content-Length: 2\r\n\r\n{}`,
      );
      expect(answer).toMatch(/^HTTP\/1.1 202 /);
    },
  );

  it('takes a query, and a body in chunks', async () => {
    const server = await started();
    expect((await post(server, alert, json, '/?from=falco')).status).toBe(202);
    const answer = await raw(
      server.port,
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
      '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1.1 202 /);
    expect(server.engine.bodies[1]?.body.toString()).toBe('abcdef');
  });

  it.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['an image', { 'content-type': 'image/png' }],
    ['a compressed body', { ...json, 'content-encoding': 'gzip' }],
  ])('refuses %s with 415', async (_, headers) => {
    const server = await started();
    const response = await post(server, gzipSync(alert), headers);
    expect(response.status).toBe(415);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 415, title: 'Unsupported Media Type' });
    expect(server.engine.bodies).toEqual([]);
    expect(server.refused).toEqual([415]);
  });

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s with 405', async (method) => {
    const server = await started();
    const response = await fetch(server.url, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(server.engine.bodies).toEqual([]);
  });

  it('passes on why an event is refused', async () => {
    const server = await started();
    server.engine.answer = { kind: 'refused', status: 400, code: 'invalid_event', detail: '"rule" is missing' };
    const bad = await post(server, '{}');
    expect(bad.status).toBe(400);
    expect(await bad.json()).toEqual({
      type: 'about:blank',
      title: 'Not a Falco alert',
      status: 400,
      detail: '"rule" is missing',
      code: 'invalid_event',
    });
    server.engine.answer = { kind: 'refused', status: 503, code: 'queue_full', detail: 'full', retryAfter: 2.5 };
    const full = await post(server, '{}');
    expect(full.status).toBe(503);
    expect(full.headers.get('retry-after')).toBe('3');
    expect(server.refused).toEqual([400, 503]);
  });

  it('answers 503 when the engine breaks its promise', async () => {
    const server = await started();
    server.engine.ingest = () => Promise.reject(new Error('broken'));
    const response = await post(server, alert);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
  });
});

describe('limits of the intake', () => {
  it('refuse a long body by its Content-Length, without asking for it', async () => {
    const server = await started();
    const answer = await raw(
      server.port,
      'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
  });

  it('ask for a body that fits', async () => {
    const server = await started();
    const answer = await raw(
      server.port,
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
      '{}',
    );
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 202 /);
  });

  it('accept exactly the limit', async () => {
    const server = await started();
    expect((await post(server, 'x'.repeat(1000))).status).toBe(202);
    expect((await post(server, 'x'.repeat(1001))).status).toBe(413);
  });

  it('take a body in the smallest pieces', async () => {
    const server = await started();
    const letters = 'abcdefghij'.repeat(90);
    const pieces = letters.replaceAll(/./g, '1\r\n$&\r\n');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(await raw(server.port, head, `${pieces}0\r\n\r\n`)).toMatch(/^HTTP\/1.1 202 /);
    expect(server.engine.bodies[0]?.body.toString()).toBe(letters);
  });

  it('count the bytes of an endless body and stop reading', async () => {
    const server = await started();
    const socket = connect(server.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    let received = '';
    let sent = 0;
    socket.on('data', (data) => (received += data.toString()));
    socket.on('error', () => {});
    const more = () => {
      while (!socket.destroyed && sent < 2 ** 30) {
        sent += chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on('drain', more);
    more();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(received).toMatch(/^HTTP\/1.1 413 /);
    expect(sent).toBeLessThan(50 * 2 ** 20);
    expect(server.engine.bodies).toEqual([]);
  });

  it('refuse when too many requests are open, and recover', async () => {
    const server = await started({ maxInFlight: 1 });
    const { promise, resolve } = Promise.withResolvers<Awaited<typeof server.engine.answer>>();
    const accepted = server.engine.answer;
    server.engine.answer = promise;
    const first = post(server, alert);
    while (server.engine.bodies.length === 0) await new Promise(setImmediate);
    const second = await post(server, alert);
    expect(second.status).toBe(503);
    expect(second.headers.get('retry-after')).toBe('1');
    resolve(await accepted);
    expect((await first).status).toBe(202);
    expect((await post(server, alert)).status).toBe(202);
  });

  it('refuse when too many bytes are on their way, and give the room back', async () => {
    const server = await started({ maxBufferedBytes: 600 });
    const holder = connect(server.port, '127.0.0.1');
    holder.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(500)}`);
    // Until the server has taken the bytes of the first body, the second one still fits.
    while ((await post(server, 'x'.repeat(200))).status !== 503);
    holder.destroy();
    while ((await post(server, 'x'.repeat(200))).status !== 202);
    expect(server.refused).toContain(503);
  });

  it('forget a request whose sender went away', async () => {
    const server = await started({ maxBufferedBytes: 20 });
    const socket = connect(server.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"rule":"abcde');
    while ((await post(server, alert)).status !== 503); // it holds most of the room
    const before = server.engine.bodies.length;
    socket.destroy();
    while ((await post(server, alert)).status !== 202);
    expect(server.engine.bodies).toHaveLength(before + 1);
  });

  it('do not let slow senders keep out the others', async () => {
    const server = await started({ maxInFlight: 2 });
    const slow = Array.from({ length: 20 }, () => connect(server.port, '127.0.0.1'));
    for (const socket of slow)
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n');
    await Promise.all(slow.map((socket) => once(socket, 'data'))); // each is asked for its body now
    expect((await post(server, alert)).status).toBe(202);
    for (const socket of slow) socket.destroy();
  });

  it('close connections that send too slowly', async () => {
    const server = await started({}, { headersTimeout: 100, requestTimeout: 200 });
    const [headers, body] = await Promise.all([
      raw(server.port, 'POST / HTTP/1.1\r\nHo'),
      raw(server.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{'),
    ]);
    expect(headers).toMatch(/^HTTP\/1.1 408 /);
    expect(body).toMatch(/^HTTP\/1.1 408 /);
    expect(server.refused).toEqual([408, 408]);
    expect(server.engine.bodies).toEqual([]);
  });

  it('answer what is no HTTP with a problem, and stay up', async () => {
    const server = await started();
    expect(await raw(server.port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*"status":400/s);
    expect(await raw(server.port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(
      await raw(
        server.port,
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ),
    ).toMatch(/^HTTP\/1.1 400 /);
    // A body longer than announced is an event, followed by something that is no request.
    const lie = await raw(server.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}{}{}');
    expect(lie).toMatch(/^HTTP\/1.1 (202|400) /);
    expect((await post(server, alert)).status).toBe(202);
  });
});
