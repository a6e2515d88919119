import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { createAuthority, type Authority, type Validity } from '@falco-talon/fake-kubernetes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alert, json, testServer, type TestServer } from '../server/testing-server.ts';
import { isCertified } from './client-certificate.ts';

let folder: string;
let authority: Authority;
let server: TestServer;
const open: TestServer[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clients-'));
  authority = createAuthority();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close(0)));
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(folder, `.${name}`), text);
  await rename(join(folder, `.${name}`), join(folder, name));
  return join(folder, name);
}
async function start(names: readonly string[] = []): Promise<void> {
  const { certificate, key } = authority.issueServer();
  const files = { cert_file: await write('tls.crt', certificate), key_file: await write('tls.key', key) };
  const client_ca_file = await write('ca.crt', authority.certificate);
  server = await testServer({}, {}, undefined, { tls: { ...files, client_ca_file, client_names: names } });
  open.push(server);
}

interface Sent {
  readonly status: number;
  /** What TLS can go on with in another connection. */
  readonly session: Buffer | undefined;
  readonly resumed: boolean;
}
async function send(options: RequestOptions & { readonly session?: Buffer | undefined } = {}): Promise<Sent> {
  const sent = request(server.url, {
    method: 'POST',
    headers: json,
    ca: authority.certificate,
    agent: false,
    ...options,
  });
  let session: Buffer | undefined;
  sent.once('socket', (socket) => socket.on('session', (one: Buffer) => (session = one)));
  sent.end(options.method === 'GET' ? undefined : alert);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const resumed = (answer.socket as TLSSocket).isSessionReused();
  answer.destroy();
  return { status: answer.statusCode!, session, resumed };
}
const status = async (options?: RequestOptions) => (await send(options)).status;
const shownBy = (user: string, from = authority, validity?: Validity) => {
  const { certificate: cert, key } = from.issueClient(user, [], validity);
  return { cert, key };
};

it('are credentials, those of other authorities are none', async () => {
  await start();
  expect(await status(shownBy('falco'))).toBe(202);
  expect(await status()).toBe(401);
  expect(await status(shownBy('falco', createAuthority()))).toBe(401);
  expect(server.reasons).toEqual(['credentials_missing', 'credentials_missing']);
  expect(await status({ method: 'GET', path: '/healthz' })).toBe(200);
});

it.each([
  ['not any more', { from: '200101000000Z', to: '200102000000Z' }],
  ['not yet', { from: '491230000000Z', to: '491231235959Z' }],
])('count only in their time: %s', async (_, validity) => {
  await start();
  expect(await status(shownBy('falco', authority, validity))).toBe(401);
});

it('count for what they were made for: one of a server is no sender', async () => {
  await start();
  const { certificate: cert, key } = authority.issueServer();
  expect(await status({ cert, key })).toBe(401);
});

it('must have one of the names, when there are names', async () => {
  await start(['falco.example.org', 'falco']);
  expect(await status(shownBy('falco'))).toBe(202);
  expect(await status(shownBy('falco2'))).toBe(401);
  expect(await status(shownBy('*'))).toBe(401);
});

describe('a session that is resumed', () => {
  it.each([
    ['without a certificate', () => ({})],
    ['with one of another authority', () => shownBy('falco', createAuthority())],
    ['with one that has ended', () => shownBy('falco', authority, { from: '200101000000Z', to: '200102000000Z' })],
  ])('lets nobody in that began it %s', async (_, shown) => {
    await start();
    const first = await send(shown());
    expect(first).toMatchObject({ status: 401, session: expect.any(Buffer) });
    expect(await send({ session: first.session })).toMatchObject({ status: 401, resumed: true });
  });

  it('lets those in whom it let in before', async () => {
    await start(['falco']);
    const first = await send(shownBy('falco'));
    expect(await send({ session: first.session })).toMatchObject({ status: 202, resumed: true });
  });

  it('is none any more when the authorities have changed', async () => {
    await start();
    const { session } = await send(shownBy('falco'));
    const next = createAuthority();
    await write('ca.crt', next.certificate);
    while ((await status(shownBy('falco', next))) !== 202);
    expect(await status(shownBy('falco'))).toBe(401);
    expect(await send({ session })).toMatchObject({ status: 401, resumed: false });
  });

  it('counts for nothing when no certificate came with it, whatever Node says', () => {
    expect(isCertified({ authorized: true, getPeerX509Certificate: () => undefined }, [])).toBe(false);
  });
});
