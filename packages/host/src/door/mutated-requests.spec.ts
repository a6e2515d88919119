import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { silentLogger } from '@falco-talon/core';
import { createAuthority, type KeyPair } from '@falco-talon/fake-kubernetes';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { load } from '../config/testing-config.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { openListeners } from '../server/listeners.ts';
import { alert, testServer, type TestServer } from '../server/testing-server.ts';
import { base64, mutatedRequest, PATH, SECRET, signed, SOURCE, USER } from './testing-mutations.ts';

/** What ends whatever the parser still waits for, so that no time limit has to. */
const END = `\r\n\r\n${'\0'.repeat(1000)}`;

/** Everything that comes back until the server closes the connection. */
async function answerTo(socket: Socket, text: string): Promise<string> {
  let received = '';
  socket.on('data', (bytes) => (received += bytes.toString('latin1')));
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return received;
}
const plain = (port: number, text: string, from = '127.0.0.1') =>
  answerTo(connect({ port, host: '127.0.0.1', localAddress: from }), text);

let folder: string;
const authority = createAuthority();
const shown = ({ certificate: cert, key }: KeyPair) => createSecureContext({ ca: authority.certificate, cert, key });
const clients = {
  none: createSecureContext({ ca: authority.certificate }),
  ofAnotherAuthority: shown(createAuthority().issueClient('falco', [])),
  known: shown(authority.issueClient('falco', [])),
};
const overTls = (port: number, text: string, client: keyof typeof clients) =>
  answerTo(connectTls({ port, host: '127.0.0.1', secureContext: clients[client] }), text);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'door-'));
  const { certificate, key } = authority.issueServer();
  const files = { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.certificate };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true }));

const open: Pick<TestServer, 'close'>[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});
async function started(door: Parameters<typeof testServer>[3]): Promise<TestServer> {
  const limits = { maxConnections: 1_000, maxConnectionsPerSender: 1_000 };
  const times = { headersTimeout: 1_000, requestTimeout: 1_000, keepAliveTimeout: 100 };
  const server = await testServer({}, { ...limits, ...times }, undefined, door);
  open.push(server);
  return server;
}

/** Sends as many as `count` says, a fifth of them at a time. */
async function all(count: number, judge: (sent: { target: string; text: string }) => Promise<void>): Promise<void> {
  const length = count / 5;
  const batch = fc.array(mutatedRequest, { minLength: length, maxLength: length });
  const property = fc.asyncProperty(batch, async (requests) => void (await Promise.all(requests.map(judge))));
  await fc.assert(property, { numRuns: 5, endOnFailure: true });
}

const ANSWERS = /^HTTP\/1\.1 (\d+)/gm;
const statusesIn = (answer: string) => Array.from(answer.matchAll(ANSWERS), ([, status]) => status!);
/** Of requests, by what is wrong with them before anybody asks who sent them. */
const REFUSED = ['400', '405', '408', '417', '431', '505'];

/** @returns how often each status was answered; every request was */
async function mutated(
  count: number,
  send: (text: string) => Promise<string>,
  allowed: (status: string, path: string) => boolean,
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  await all(count, async ({ target, text }) => {
    const answer = await send(text + END);
    const statuses = statusesIn(answer);
    const path = target.replace(/^https?:\/\/[^/?#@]+/i, '');
    if (statuses.length === 0 || !statuses.every((status) => REFUSED.includes(status) || allowed(status, path)))
      throw new Error(`${JSON.stringify(text)} was answered ${answer.slice(0, 300)}`);
    for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  });
  return counts;
}

/** An alert as it should be. */
const proper = (path: string, ...headers: readonly string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: a', 'Connection: close', ...headers, 'Content-Length: 12', '', alert].join('\r\n');

interface Way {
  readonly door: Parameters<typeof testServer>[3];
  /** How it refuses who has nothing to show. Default 401. */
  readonly status?: string;
  /** Beside it, what may be said to who shows a signature, and then something else. */
  readonly also?: readonly string[];
  readonly mutated?: typeof plain;
  /** Default 675. */
  readonly count?: number;
  readonly right: (port: number) => Promise<string>;
}

const token = `Authorization: Bearer ${SECRET}`;
/** Of each way, and of the port of probes; 5,000 with those that cost a TLS handshake. */
const EACH = 675;
const OVER_TLS = 275;
let turn = 0;

it.each<[string, () => Way]>([
  ['a token', () => ({ door: { auth: { tokens: [SECRET] } }, right: (port) => plain(port, proper('/', token)) })],
  [
    'a user and a password',
    () => ({
      door: { auth: { basic: [USER] } },
      right: (port) => plain(port, proper('/', `Authorization: Basic ${base64(USER)}`)),
    }),
  ],
  [
    'a secret path',
    () => ({ door: { auth: { secret_paths: [PATH] } }, right: (port) => plain(port, proper(`/${PATH}`)) }),
  ],
  [
    'a signature',
    () => ({
      door: { auth: { hmac_keys: [SECRET] } },
      also: ['413', '415'],
      right: (port) => plain(port, proper('/', signed(alert, 'the-one-that-is-right'))),
    }),
  ],
  [
    'an address',
    () => ({
      door: { auth: { allowed_senders: [SOURCE] } },
      status: '403',
      right: (port) => plain(port, proper('/'), SOURCE),
    }),
  ],
  [
    'a client certificate',
    () => ({
      door: {
        tls: {
          cert_file: join(folder, 'tls.crt'),
          key_file: join(folder, 'tls.key'),
          client_ca_file: join(folder, 'ca.crt'),
        },
      },
      count: OVER_TLS,
      mutated: (port, text) => overTls(port, text, turn++ % 2 === 0 ? 'none' : 'ofAnotherAuthority'),
      right: (port) => overTls(port, proper('/'), 'known'),
    }),
  ],
  [
    'any of four, and with no path anybody may read',
    () => ({
      door: {
        auth: { tokens: [SECRET], basic: [USER], secret_paths: [PATH], hmac_keys: [SECRET] },
        openPaths: [],
      },
      also: ['413', '415'],
      right: (port) => plain(port, proper('/', token)),
    }),
  ],
])('mutated requests get nowhere where alerts are taken from whoever has %s', async (_, way) => {
  const { door, status = '401', also = [], count = EACH, mutated: send = plain, right } = way();
  const server = await started(door);
  const isOpen = (path: string) => door?.openPaths === undefined && /^\/(?:healthz|readyz|metrics)(?:\?|$)/.test(path);
  const counts = await mutated(
    count,
    (text) => send(server.port, text),
    (given, path) => given === status || also.includes(given) || (isOpen(path) && /^(?:200|404)$/.test(given)),
  );
  expect(server.engine.bodies).toEqual([]);
  expect(door?.openPaths ? server.metricsCalls + server.engine.readyCalls : 0).toBe(0);
  // Enough of them were told that they are not known, and not only that they are no HTTP.
  expect(counts[status]).toBeGreaterThan(count / 3);
  expect(statusesIn(await right(server.port))).toEqual(['202']);
  expect(server.engine.bodies).toHaveLength(1);
});

it('mutated requests get nowhere on the port of probes and metrics', async () => {
  const { config } = await load(
    `{ listen_address: 127.0.0.1, listen_port: 0, monitoring: { listen_port: 0 }, intake: { keep_alive_timeout_seconds: 1, auth: { tokens: [${SECRET}] } } }`,
  );
  const bodies: Buffer[] = [];
  const listeners = await openListeners({
    config: config!,
    directory: folder,
    engine: {
      async ingest(body) {
        bodies.push(Buffer.from(body));
        return { kind: 'accepted', id: 'id-1', traceId: 'a'.repeat(32), duplicate: false };
      },
      ready: async () => [{ name: 'queue', ok: true }],
    },
    variables: {},
    logger: silentLogger,
    metrics: createMetrics(),
    stopping: () => false,
    refusing: () => false,
    alive: () => {},
  });
  open.push({
    async close() {
      await listeners.closeIntake(0);
      await listeners.close();
    },
  });
  const port = listeners.monitoringPort!;
  const counts = await mutated(
    EACH,
    (text) => plain(port, text),
    (status, path) => status === '404' || (status === '200' && /^\/(?:healthz|readyz|metrics)(?:\?|$)/.test(path)),
  );
  expect(bodies).toEqual([]);
  expect(counts['404']).toBeGreaterThan(EACH / 3);
  // Who is known where alerts are taken is nobody here.
  expect(statusesIn(await plain(port, proper('/', token)))).toEqual(['404']);
  expect(statusesIn(await plain(listeners.port, proper('/', token)))).toEqual(['202']);
  expect(bodies).toHaveLength(1);
});

it('the same requests do reach an open server', async () => {
  const server = await started({});
  await all(500, async ({ text }) => void (await plain(server.port, text + END)));
  expect(server.engine.bodies.length).toBeGreaterThan(20);
});
