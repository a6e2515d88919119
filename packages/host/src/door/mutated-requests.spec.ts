import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { alert, testServer, type TestServer } from '../server/testing-server.ts';

const SECRET = 'a-secret-of-24-characters';
const PATH = `${SECRET}-path`;

const METHODS = [
  'POST',
  'GET',
  'PUT',
  'HEAD',
  'OPTIONS',
  'DELETE',
  'PATCH',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'post',
  'PRI',
];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'http/1.1', ''];
const PIECES = [
  ['/', '/', '//', '/.', '/..', '..;', '%2F', '%2f', '%252f', '%5c', '\\', '%2e%2e', '%00', '\0', '\t', '%c0%af', 'é'],
  [';', '?', '#', '@', ':', '*', '%', '&', '.', 'a', 'healthz', 'HEALTHZ', 'readyz', 'metrics', 'metrics/', 'healthz.'],
  [SECRET, PATH.toUpperCase(), PATH.slice(0, -1), `${PATH}/`, `${PATH}.`, `${PATH}%00`, encodeURIComponent(`/${PATH}`)],
].flat();
const STARTS = [
  '/',
  '/',
  '/',
  '',
  '*',
  'http://127.0.0.1/',
  'http://127.0.0.1',
  'HTTPS://a:80//',
  'http://u:p@a/',
  'a:443',
].flat();
const HEADERS = [
  ['', 'Bearer', 'Bearer ', `Bearer${SECRET}`, `Bearer ${SECRET},x`, `Bearer "${SECRET}"`, `Bearer ${SECRET.slice(1)}`]
    .concat([
      'Bearer null',
      'Basic Og==',
      'Basic !',
      'Basic',
      `Basic ${SECRET}`,
      `Digest ${SECRET}`,
      `Negotiate ${SECRET}`,
    ])
    .map((value) => `Authorization: ${value}`),
  `Authorization : Bearer ${SECRET}`,
  ` Authorization: Bearer ${SECRET}`,
  `Proxy-Authorization: Bearer ${SECRET}`,
  `Authorization: Bearer x\r\nAuthorization: Bearer ${SECRET}`,
  `Authorization: Bearer ${SECRET}\r\nAuthorization: Bearer x`,
  `Cookie: Authorization=Bearer ${SECRET}`,
  'X-Falco-Talon-Signature: t=0,nonce=,v1=',
  `X-Falco-Talon-Signature: t=1800000000,nonce=0123456789abcdef,sha256=${'0'.repeat(64)},v1=${'0'.repeat(64)}`,
  ['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Path', 'Referer', 'Forwarded'].map((name) => `${name}: /healthz`),
  ['X-Forwarded-For', 'X-Real-IP', 'Client-IP', 'X-Forwarded-Host'].map((name) => `${name}: 127.0.0.1`),
  ['X-HTTP-Method-Override: GET', 'X-SSL-Client-Verify: SUCCESS', 'X-Forwarded-Client-Cert: Hash=a;Subject="CN=falco"'],
  ['Host: 127.0.0.1', 'Host: a/b', 'Host: @', 'Host:', 'Connection: Upgrade\r\nUpgrade: websocket', 'Upgrade: h2c'],
  ['Connection: close', 'Connection: authorization', 'Expect: 100-continue', 'Expect: tea', 'Content-Encoding: gzip'],
  [
    'chunked',
    'xchunked',
    'chunked, identity',
    'identity',
    '\x0bchunked',
    'chunked\r\nTransfer-Encoding: x',
    'Chunked',
  ].map((value) => `Transfer-Encoding: ${value}`),
  ['0', '12', '+12', '12, 13', '-1', '1e1', '0x0c', '999999999999'].map((value) => `Content-Length: ${value}`),
].flat();
const SECOND = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${alert.length}\r\n\r\n${alert}`;
const BODIES = [
  '',
  alert,
  alert,
  `c\r\n${alert}\r\n0\r\n\r\n`,
  `0\r\n\r\n${SECOND}`,
  SECOND,
  `c;x\n${alert}\r\n0\r\n\r\n`,
];

/** Half of them as they should be in each of their parts, so that what is odd is not refused for something else. */
const mostly = <T>(usual: T, odd: readonly T[]) => fc.oneof(fc.constant(usual), fc.constantFrom(...odd));

const request = fc
  .record({
    method: mostly('POST', METHODS),
    start: mostly('/', STARTS),
    pieces: mostly(0, [5]).chain((maxLength) => fc.array(fc.constantFrom(...PIECES), { maxLength })),
    version: mostly('HTTP/1.1', VERSIONS),
    headers: fc.array(fc.constantFrom(...HEADERS), { maxLength: 3 }),
    body: mostly(
      `Content-Length: 12\r\n\r\n${alert}`,
      BODIES.map((body) => `\r\n${body}`),
    ),
    lineEnd: mostly('\r\n', ['\n', '\r', '\r\n ']),
  })
  .map(({ method, start, pieces, version, headers, body, lineEnd }) => ({
    target: start + pieces.join(''),
    text: [`${method} ${start}${pieces.join('')} ${version}`, 'Host: a', ...headers, body].join(lineEnd),
  }));

/** What ends whatever the parser still waits for, so that no time limit has to. */
const END = `\r\n\r\n${'\0'.repeat(1000)}`;

async function send(port: number, text: string): Promise<string> {
  let received = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(text + END));
  socket.on('data', (bytes) => (received += bytes.toString('latin1')));
  socket.on('error', () => {});
  await once(socket, 'close');
  return received;
}

const open: TestServer[] = [];
async function started(door: Parameters<typeof testServer>[3]): Promise<TestServer> {
  const server = await testServer(
    {},
    { headersTimeout: 2_000, requestTimeout: 2_000, keepAliveTimeout: 100 },
    undefined,
    door,
  );
  open.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

/** Sends them fifty at a time. */
async function all(count: number, judge: (sent: { target: string; text: string }) => Promise<void>): Promise<void> {
  const batch = fc.array(request, { minLength: 50, maxLength: 50 });
  const property = fc.asyncProperty(batch, async (requests) => void (await Promise.all(requests.map(judge))));
  await fc.assert(property, { numRuns: count / 50, endOnFailure: true });
}

const ANSWERS = /^HTTP\/1\.1 (\d+)/gm;
const KNOWN = { tokens: [SECRET], basic: ['falco:password'], secret_paths: [PATH], hmac_keys: [SECRET] };

it('5,000 mutated requests without credentials reach nothing', async () => {
  const shared = await started({ auth: KNOWN });
  const own = await started({ auth: KNOWN, openPaths: [] });
  let turn = 0;
  await all(5_000, async ({ target, text }) => {
    const server = turn++ % 2 === 0 ? shared : own;
    const answer = await send(server.port, text);
    const path = target.replace(/^https?:\/\/[^/?#@]+/i, '');
    const isOpen = server === shared && /^\/(?:healthz|readyz|metrics)(?:\?|$)/.test(path);
    for (const [, status] of answer.matchAll(ANSWERS)) {
      const allowed = /^(?:400|401|405|408|417|431|505)$/.test(status!) || (isOpen && /^(?:200|404)$/.test(status!));
      if (!allowed) throw new Error(`${JSON.stringify(text)} was answered ${answer.slice(0, 300)}`);
    }
  });
  expect([...shared.engine.bodies, ...own.engine.bodies]).toEqual([]);
  expect(own.metricsCalls + own.engine.readyCalls).toBe(0);
});

it('the same requests do reach an open server', async () => {
  const server = await started({});
  await all(500, async ({ text }) => void (await send(server.port, text)));
  expect(server.engine.bodies.length).toBeGreaterThan(20);
});
