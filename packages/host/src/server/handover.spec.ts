import { X509Certificate } from 'node:crypto';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { request } from 'node:http';
import { silentLogger, type Replica } from '@falco-talon/core';
import { createAuthority, type KeyPair } from '@falco-talon/fake-kubernetes';
import { afterEach, expect, it } from 'vitest';
import { createHandoverSender } from './send-handover.ts';
import { startServer, type RunningServer } from './server.ts';
import { createHandoverIntake, HANDOVER_BYTES, HANDOVER_PATH, SEAL_HEADER } from './take-handover.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const materialOf = ({ certificate, key }: KeyPair) => ({
  cert: Buffer.from(certificate),
  key: Buffer.from(key),
  minVersion: 'TLSv1.2' as const,
});
const pinOf = ({ certificate }: KeyPair) =>
  new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase();

/** A server that takes what has the seal `good`. */
async function receiver(pair?: KeyPair, judged = Promise.resolve()) {
  const taken: string[] = [];
  const asked: (string | undefined)[] = [];
  const other: string[] = [];
  const refused: string[] = [];
  const state = { refusing: false, gone: 0 };
  const take = createHandoverIntake({
    takeOver: {
      async admit(seal) {
        asked.push(seal);
        await judged;
        if (seal !== 'good') return { status: 401, code: 'seal_wrong' };
        return {
          accept: async (body) => (taken.push(Buffer.from(body).toString()), { status: 200, code: 'accepted' }),
        };
      },
    },
    logger: silentLogger,
    refusing: () => state.refusing,
    refused: ({ code }) => void refused.push(code),
  });
  const server: RunningServer = await startServer(
    {
      address: '127.0.0.1',
      port: 0,
      maxConnections: 100,
      maxConnectionsPerSender: 100,
      headersTimeout: 5_000,
      requestTimeout: 5_000,
      keepAliveTimeout: 5_000,
    },
    {
      handle(incoming, response, keep) {
        incoming.once('close', () => state.gone++);
        if (incoming.url === HANDOVER_PATH) return void take(incoming, response, keep);
        other.push(incoming.url ?? '');
        response.writeHead(404).end();
      },
      tls: pair && materialOf(pair),
      logger: silentLogger,
      alive: () => {},
      counts: { requestRefused: () => {}, connectionRefused: () => {} },
    },
  );
  ends.push(() => server.close(0));
  const replica = (certificate?: string): Replica => ({
    identity: 'two',
    address: `${pair ? 'https' : 'http'}://127.0.0.1:${server.port}`,
    publicKey: '',
    ...(certificate !== undefined && { certificate }),
  });
  return { taken, asked, other, refused, state, server, replica };
}

function sender(handshake?: number) {
  const handovers = createHandoverSender(handshake);
  ends.push(() => handovers.close());
  return (to: Replica, seal = 'good', body = 'alert', signal = AbortSignal.timeout(5_000)) =>
    handovers.send(to, { seal, body: Buffer.from(body), signal });
}

it('brings a body to a replica without TLS, over one connection after the other', async () => {
  const to = await receiver();
  const send = sender();
  expect(await send(to.replica())).toEqual({ status: 200, code: 'accepted' });
  expect(await send(to.replica(), 'good', 'x'.repeat(1_000_000))).toEqual({ status: 200, code: 'accepted' });
  expect(to.taken.map(({ length }) => length)).toEqual([5, 1_000_000]);
});

it('brings a body to a replica with TLS that shows the certificate it has told of', async () => {
  const pair = createAuthority().issueServer();
  const to = await receiver(pair);
  const send = sender();
  const all = await Promise.all(['a', 'b', 'c'].map((body) => send(to.replica(pinOf(pair)), 'good', body)));
  expect(all).toEqual(all.map(() => ({ status: 200, code: 'accepted' })));
  expect(to.taken.toSorted()).toEqual(['a', 'b', 'c']);
});

it('writes nothing to one that shows another certificate, be it of the same authority', async () => {
  const authority = createAuthority();
  const to = await receiver(authority.issueServer());
  const send = sender();
  for (const pin of [pinOf(authority.issueServer()), '', 'f'.repeat(64)])
    await expect(send(to.replica(pin))).rejects.toThrow('shows another certificate than it has told of');
  expect([...to.asked, ...to.other, ...to.taken]).toEqual([]);
});

it('a certificate that is renewed while it runs is expected once it was told of', async () => {
  const authority = createAuthority();
  const [before, after] = [authority.issueServer(), authority.issueServer()];
  const to = await receiver(before);
  const send = sender();
  expect((await send(to.replica(pinOf(before)))).status).toBe(200);
  to.server.renew(materialOf(after));
  // A connection made before goes on; a new one does not get through until the new certificate is known.
  expect((await send(to.replica(pinOf(after)))).status).toBe(200);
  const another = sender();
  await expect(another(to.replica(pinOf(before)))).rejects.toThrow('another certificate');
  expect((await another(to.replica(pinOf(after)))).status).toBe(200);
});

it('one that never ends its handshake does not keep a connection for ever', async () => {
  const closed = Promise.withResolvers<void>();
  const silent = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.on('close', () => closed.resolve());
    socket.resume();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  ends.push(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const to = { identity: 'two', address: `https://127.0.0.1:${port}`, publicKey: '', certificate: 'a'.repeat(64) };
  await expect(sender(200)(to, 'good', 'alert', AbortSignal.timeout(100))).rejects.toThrow();
  await closed.promise;
});

/** As somebody who is no replica. */
function ask(
  port: number,
  options: { path?: string; method?: string; headers?: Record<string, string | string[]> },
  body = '',
) {
  return new Promise<number | undefined>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: HANDOVER_PATH, method: 'POST', ...options }, (response) => {
      resolve(response.statusCode);
      response.resume();
      response.on('error', () => {});
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

it('who is no replica gets nowhere', async () => {
  const to = await receiver();
  const { port } = to.server;
  const good = { [SEAL_HEADER]: 'good' };
  expect(await ask(port, {}, 'alert')).toBe(401);
  expect(await ask(port, { headers: { [SEAL_HEADER]: 'x'.repeat(10_000) } }, 'alert')).toBe(401);
  expect(await ask(port, { headers: { authorization: 'Bearer good', 'falco-talon-sealed': 'good' } }, 'alert')).toBe(
    401,
  );
  expect(await ask(port, { headers: { [SEAL_HEADER]: ['good', 'good'] } }, 'alert')).toBe(401);
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS'])
    expect(await ask(port, { method, headers: good }), method).toBe(405);
  expect(to.taken).toEqual([]);
  expect(to.refused).toEqual(['seal_wrong', 'seal_wrong', 'seal_wrong', 'seal_wrong', ...Array(4).fill('method')]);
});

it('nothing but the very path is it', async () => {
  const to = await receiver();
  const tricks = [
    '/handover/',
    '//handover',
    '/Handover',
    '/./handover',
    '/x/../handover',
    '/%68andover',
    '/handover%00',
  ];
  for (const path of tricks)
    expect(await ask(to.server.port, { path, headers: { [SEAL_HEADER]: 'good' } })).not.toBe(200);
  expect(to.taken).toEqual([]);
  expect(to.asked).toEqual([]);
});

it('one that is too large is not read, whether it says so or not', async () => {
  const to = await receiver();
  const { port } = to.server;
  const headers = { [SEAL_HEADER]: 'good', 'content-length': String(HANDOVER_BYTES + 1) };
  expect(await ask(port, { headers })).toBe(413);
  expect(to.asked).toEqual([]);
  const endless = new Promise<number | string | undefined>((resolve) => {
    const sent = request({
      port,
      host: '127.0.0.1',
      path: HANDOVER_PATH,
      method: 'POST',
      headers: { [SEAL_HEADER]: 'good' },
    });
    sent.on('response', (response) => {
      resolve(response.statusCode);
      sent.destroy();
    });
    // Whoever is still writing when the connection is closed may not get to read the answer.
    sent.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
    const chunk = Buffer.alloc(1024 * 1024);
    const more = () => void (!sent.destroyed && sent.write(chunk, () => more()));
    more();
  });
  expect([413, 'EPIPE', 'ECONNRESET']).toContain(await endless);
  expect(to.taken).toEqual([]);
});

it('senders that have gone while they were judged take no place', async () => {
  const judged = Promise.withResolvers<void>();
  const to = await receiver(undefined, judged.promise);
  const { port } = to.server;
  const gone = Array.from({ length: 64 }, () => {
    const sent = request({
      port,
      host: '127.0.0.1',
      path: HANDOVER_PATH,
      method: 'POST',
      headers: { [SEAL_HEADER]: 'good', 'content-length': 5 },
    });
    sent.on('error', () => {});
    sent.flushHeaders();
    return sent;
  });
  await expect.poll(() => to.asked.length).toBe(64);
  for (const sent of gone) sent.destroy();
  await expect.poll(() => to.state.gone).toBe(64);
  judged.resolve();
  await expect.poll(() => sender()(to.replica())).toEqual({ status: 200, code: 'accepted' });
});

it('one that stops takes nothing any more', async () => {
  const to = await receiver();
  to.state.refusing = true;
  expect(await sender()(to.replica())).toEqual({ status: 503, code: 'stopping' });
  expect(to.asked).toEqual([]);
});
