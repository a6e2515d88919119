import fc from 'fast-check';
import { alert, NOW } from '../server/testing-server.ts';
import { signatureHeader } from './signature.ts';

export const SECRET = 'a-secret-of-24-characters';
export const PATH = `${SECRET}-path`;
export const USER = 'falco:p:w-of-this-cluster';
/** The only address that is let in where addresses are looked at. */
export const SOURCE = '127.0.0.2';
export const base64 = (text: string) => Buffer.from(text).toString('base64');
export const signed = (body: string, nonce: string, key = SECRET) =>
  `X-Falco-Talon-Signature: ${signatureHeader(key, NOW / 1000, nonce, Buffer.from(body))}`;

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
      `Basic ${base64(USER.slice(0, -1))}`,
      `Basic ${base64(USER.toUpperCase())}`,
      `Bearer ${base64(USER)}`,
      `Basic ${base64(SECRET)}`,
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
  signed('another alert', 'one-of-16-characters'),
  signed(alert, 'two-of-16-characters', 'a-key-nobody-here-knows'),
  ['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Path', 'Referer', 'Forwarded'].map((name) => `${name}: /healthz`),
  ['X-Forwarded-For', 'X-Real-IP', 'Client-IP', 'X-Forwarded-Host'].map((name) => `${name}: ${SOURCE}`),
  `Forwarded: for=${SOURCE}`,
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

/** As it should be, more often than not, so that what is odd is not refused for something else. */
const mostly = <T>(usual: T, odd: readonly T[], weight = 1) =>
  fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

/** A request that shows nothing this server knows, odd in some of its parts. */
export const mutatedRequest = fc
  .record({
    method: mostly('POST', METHODS, 2),
    start: mostly('/', STARTS),
    pieces: mostly(0, [5]).chain((maxLength) => fc.array(fc.constantFrom(...PIECES), { maxLength })),
    version: mostly('HTTP/1.1', VERSIONS, 8),
    headers: fc.array(fc.constantFrom(...HEADERS), { maxLength: 3 }),
    body: mostly(
      `Content-Length: 12\r\n\r\n${alert}`,
      BODIES.map((body) => `\r\n${body}`),
    ),
    lineEnd: mostly('\r\n', ['\n', '\r', '\r\n '], 8),
  })
  .map(({ method, start, pieces, version, headers, body, lineEnd }) => ({
    target: start + pieces.join(''),
    text: [`${method} ${start}${pieces.join('')} ${version}`, 'Host: a', ...headers, body].join(lineEnd),
  }));
