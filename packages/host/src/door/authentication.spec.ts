import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { alert, json, NOW, post, raw, testServer, type TestServer } from '../server/testing-server.ts';
import { signatureHeader } from './signature.ts';

const SECRET = 'a-secret-of-24-characters';
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

const open: TestServer[] = [];
async function guarded(door: Parameters<typeof testServer>[3]): Promise<TestServer> {
  const server = await testServer({}, {}, undefined, door);
  open.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

interface Answered {
  readonly status: number;
  readonly code: string | undefined;
}
async function send(
  server: TestServer,
  headers: Record<string, string> = {},
  path = '/',
  body = alert,
): Promise<Answered> {
  const response = await post(server, body, { ...json, ...headers }, path);
  const { code } = (await response.json()) as { code?: string };
  return { status: response.status, code };
}

function signature(
  key: string,
  { body = alert, at = NOW, nonce = randomUUID() }: { body?: string; at?: number; nonce?: string } = {},
) {
  return { 'x-falco-talon-signature': signatureHeader(key, Math.floor(at / 1000), nonce, Buffer.from(body)) };
}

describe('a sender is let in with', () => {
  const WAYS: readonly (readonly [
    way: string,
    auth: NonNullable<NonNullable<Parameters<typeof testServer>[3]>['auth']>,
    right: { headers?: Record<string, string>; path?: string },
    wrong: { headers?: Record<string, string>; path?: string },
    reason: string,
  ])[] = [
    [
      'a token',
      { tokens: [SECRET] },
      { headers: { authorization: `Bearer ${SECRET}` } },
      { headers: { authorization: `Bearer ${SECRET}x` } },
      'credentials_wrong',
    ],
    [
      'a token, its scheme in any case',
      { tokens: [SECRET] },
      { headers: { authorization: `bearer ${SECRET}` } },
      { headers: { authorization: SECRET } },
      'credentials_wrong',
    ],
    [
      'a user and password',
      { basic: ['falco:p:w ü'] },
      { headers: { authorization: basic('falco:p:w ü') } },
      { headers: { authorization: basic('falco:p:w') } },
      'credentials_wrong',
    ],
    [
      'a secret path',
      { secret_paths: [SECRET] },
      { path: `/${SECRET}` },
      { path: `/${SECRET}/` },
      'credentials_missing',
    ],
    [
      'a secret path and a query',
      { secret_paths: [SECRET] },
      { path: `/${SECRET}?a=b` },
      { path: `/?${SECRET}` },
      'credentials_missing',
    ],
    [
      'a signature',
      { hmac_keys: [SECRET] },
      { headers: signature(SECRET) },
      { headers: signature('another key of the same size') },
      'signature_wrong',
    ],
    [
      'a signature with the key before',
      { hmac_keys: ['the next key of them all', SECRET] },
      { headers: signature(SECRET) },
      { headers: { 'x-falco-talon-signature': 'v1=0' } },
      'signature_malformed',
    ],
  ];

  it.each(WAYS)('%s', async (_, auth, right, wrong, reason) => {
    const server = await guarded({ auth });
    expect((await send(server, right.headers, right.path)).status).toBe(202);
    expect(await send(server, wrong.headers, wrong.path)).toEqual({ status: 401, code: reason });
    expect(await send(server)).toEqual({ status: 401, code: 'credentials_missing' });
    expect(server.engine.bodies).toHaveLength(1);
    expect(server.reasons).toEqual([reason, 'credentials_missing']);
  });

  it('any of several ways, and says which ones a browser or client knows', async () => {
    const server = await guarded({ auth: { tokens: [SECRET], basic: ['a:b'], secret_paths: [`${SECRET}-2`] } });
    expect((await send(server, { authorization: basic('a:b') })).status).toBe(202);
    expect((await send(server, {}, `/${SECRET}-2`)).status).toBe(202);
    const refused = await post(server, alert);
    expect(refused.headers.get('www-authenticate')).toBe('Basic realm="falco-talon", Bearer realm="falco-talon"');
  });

  it('one header Authorization, not two', async () => {
    const server = await guarded({ auth: { tokens: [SECRET] } });
    const lines = [SECRET, 'other'].map((token) => `authorization: Bearer ${token}\r\n`).join('');
    const answer = await raw(server.port, `POST / HTTP/1.1\r\nHost: a\r\n${lines}Content-Length: 2\r\n\r\n{}`);
    expect(answer).toMatch(/^HTTP\/1.1 401 [^]*credentials_ambiguous/);
  });

  it('a token is no password, a password no token', async () => {
    const server = await guarded({ auth: { tokens: [SECRET], basic: ['a:bbbbbbbbbbbbbbbb'] } });
    expect((await send(server, { authorization: basic(SECRET) })).status).toBe(401);
    expect((await send(server, { authorization: 'Bearer a:bbbbbbbbbbbbbbbb' })).status).toBe(401);
  });
});

describe('a signature', () => {
  it('is good once', async () => {
    const server = await guarded({ auth: { hmac_keys: [SECRET] } });
    const headers = signature(SECRET);
    expect((await send(server, headers)).status).toBe(202);
    expect(await send(server, headers)).toEqual({ status: 401, code: 'signature_replayed' });
  });

  it.each([
    ['late', -301_000],
    ['early', 301_000],
  ])('is not good when it is too %s', async (_, shift) => {
    const server = await guarded({ auth: { hmac_keys: [SECRET] } });
    expect((await send(server, signature(SECRET, { at: NOW + shift * 0.99 }))).status).toBe(202);
    expect(await send(server, signature(SECRET, { at: NOW + shift }))).toEqual({
      status: 401,
      code: 'signature_expired',
    });
  });

  it('is not good for another body, nor for another path', async () => {
    const server = await guarded({ auth: { hmac_keys: [SECRET] } });
    expect((await send(server, signature(SECRET), '/', '{"rule":"y"}')).code).toBe('signature_wrong');
    expect((await send(server, signature(SECRET), '/somewhere')).code).toBe('credentials_missing');
    expect(server.engine.bodies).toEqual([]);
  });

  it('is judged before anything of the body is read', async () => {
    const server = await guarded({ auth: { hmac_keys: [SECRET] } });
    const used = signature(SECRET);
    await send(server, used);
    for (const [headers, code] of [
      [signature('another key of the same size'), 'signature_wrong'],
      [signature(SECRET, { at: NOW - 400_000 }), 'signature_expired'],
      [used, 'signature_replayed'],
    ] as const) {
      const value = headers['x-falco-talon-signature'];
      const lines = `Host: a\r\nX-Falco-Talon-Signature: ${value}\r\nContent-Length: 900`;
      const answer = await raw(server.port, `POST / HTTP/1.1\r\n${lines}\r\n\r\n{"rule":`);
      expect(answer).toContain(code);
      expect(answer).toContain('Connection: close');
    }
  });

  it('is not looked at where nobody signs', async () => {
    const server = await guarded({ auth: { tokens: [SECRET] } });
    expect((await send(server, signature(SECRET))).code).toBe('credentials_missing');
  });
});

describe('addresses', () => {
  it('outside of those allowed are refused, credentials or not; probes are not', async () => {
    const server = await guarded({ auth: { tokens: [SECRET], allowed_senders: ['10.0.0.0/8', 'fd00::/8'] } });
    expect(await send(server, { authorization: `Bearer ${SECRET}` })).toEqual({
      status: 403,
      code: 'sender_not_allowed',
    });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it('that are allowed still bring their credentials', async () => {
    const server = await guarded({ auth: { tokens: [SECRET], allowed_senders: ['127.0.0.0/8'] } });
    expect((await send(server)).status).toBe(401);
    expect((await send(server, { authorization: `Bearer ${SECRET}` })).status).toBe(202);
  });

  it('send no more than they may, whatever others send', async () => {
    const server = await guarded({ senderRate: 3 });
    const statuses = async (count: number) =>
      Promise.all(Array.from({ length: count }, async () => (await send(server)).status));
    expect((await statuses(5)).filter((status) => status === 429)).toHaveLength(2);
    const refused = await post(server, alert);
    expect(refused.headers.get('retry-after')).toBe('1');
    server.time += 1000;
    expect(await statuses(3)).toEqual([202, 202, 202]);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
  });
});

describe('without credentials', () => {
  it('nothing of a body is read', async () => {
    const server = await guarded({ auth: { tokens: [SECRET] } });
    const answer = await raw(
      server.port,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"rule":',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain('Connection: close');
  });
});
