import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { Logger } from '@falco-talon/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAuthority } from '@falco-talon/fake-kubernetes';
import {
  base64,
  kubeconfigText,
  open,
  pod,
  QUICK,
  replaceFile,
  scope,
  sendJson,
  status,
  type Clock,
  type LoopbackApi,
  type Opened,
} from '../../spec/loopback-api.ts';
import { createKubernetes } from '../client.ts';
import { kubernetes, PODS, type Kubernetes } from '../index.ts';

const CART = { namespace: 'shop', name: 'cart' };
/** Files are looked at again only when the clock says so, or the server refuses. */
const LAZY = { ...QUICK, credentialsAge: 60_000 };

let opened: Opened;
let clock: Clock;
let warnings: string[];
let logger: Logger;

beforeEach(async () => {
  opened = await open();
  clock = { now: 1_000_000_000_000 };
  warnings = [];
  logger = { debug() {}, info() {}, warn: (message) => warnings.push(message), error() {} };
});
afterEach(() => opened.close());

/** Accepts only this token, which the test may change. */
function guarded(accepted: { token: string }): LoopbackApi['respond'] {
  return (response, { headers }) =>
    headers.authorization === `Bearer ${accepted.token}`
      ? sendJson(response, 200, pod('cart'))
      : sendJson(response, 401, status(401, 'Unauthorized', 'Unauthorized'));
}

const tokens = (api: LoopbackApi) => api.received.map(({ headers }) => headers.authorization?.replace('Bearer ', ''));

async function tokenClient(api: LoopbackApi): Promise<{ client: Kubernetes; tokenFile: string }> {
  const tokenFile = await opened.file('token', 'one\n');
  const ca = base64(api.authority?.certificate ?? '');
  const config = kubeconfigText({ server: api.url, 'certificate-authority-data': ca }, { tokenFile: 'token' });
  const client = await opened.client(await opened.file('config', config), { limits: LAZY, logger, clock });
  return { client, tokenFile };
}

it('a token file is read again with time, and the connection stays', async () => {
  const api = await opened.api((response) => sendJson(response, 200, pod('cart')));
  const { client, tokenFile } = await tokenClient(api);
  await client.get(PODS, CART, opened);
  await replaceFile(tokenFile, 'two');
  await client.get(PODS, CART, opened);
  clock.now += 60_000;
  await client.get(PODS, CART, opened);
  expect(tokens(api)).toEqual(['one', 'one', 'two']);
  expect(api.connections.accepted).toBe(1);
});

it('a token that is refused is read again at once, and calls that wait are sent with the new one', async () => {
  const accepted = { token: 'one' };
  const api = await opened.api(guarded(accepted));
  const { client, tokenFile } = await tokenClient(api);
  await client.get(PODS, CART, opened);
  await replaceFile(tokenFile, 'two');
  accepted.token = 'two';
  const calls = Array.from({ length: 200 }, () => client.get(PODS, CART, opened));
  expect(await Promise.all(calls)).toHaveLength(200);
  expect(tokens(api).filter((token) => token === 'one').length).toBeLessThanOrEqual(1 + 4);
  expect(api.connections.accepted).toBeLessThanOrEqual(4);
});

it('a write that was refused for its token is sent again with the new one', async () => {
  const accepted = { token: 'two' };
  const api = await opened.api(guarded(accepted));
  const { client, tokenFile } = await tokenClient(api);
  await replaceFile(tokenFile, 'two');
  await client.delete(PODS, CART, opened);
  expect(tokens(api)).toEqual(['one', 'two']);
});

it('a token that stays refused is unauthorized, after one attempt', async () => {
  const api = await opened.api(guarded({ token: 'other' }));
  const { client } = await tokenClient(api);
  await expect(client.get(PODS, CART, opened)).rejects.toMatchObject({ code: 'unauthorized', retryable: false });
  expect(api.received).toHaveLength(1);
});

it('a file that cannot be read leaves the old token in force, with a warning', async () => {
  const api = await opened.api((response) => sendJson(response, 200, pod('cart')));
  const { client, tokenFile } = await tokenClient(api);
  await replaceFile(tokenFile, '');
  clock.now += 60_000;
  await client.get(PODS, CART, opened);
  expect(warnings).toEqual(['kubernetes credentials could not be read again; the ones in use stay']);
  await replaceFile(tokenFile, 'two');
  clock.now += 1_000;
  await client.get(PODS, CART, opened);
  expect(tokens(api)).toEqual(['one', 'two']);
});

it('a kubeconfig that is rewritten is followed to another server', async () => {
  const first = await opened.api((response) => sendJson(response, 200, pod('first')), { tls: false });
  const second = await opened.api((response) => sendJson(response, 200, pod('second')), { tls: false });
  const config = await opened.file('config', kubeconfigText({ server: first.url }));
  const client = await opened.client(config, { limits: LAZY, clock });
  expect(await client.get(PODS, CART, opened)).toEqual(pod('first'));
  await replaceFile(config, kubeconfigText({ server: second.url }));
  clock.now += 60_000;
  expect(await client.get(PODS, CART, opened)).toEqual(pod('second'));
});

it('a server with certificates of a new authority is trusted once the CA file says so, and calls that run are finished', async () => {
  const api = await opened.api((response) => sendJson(response, 200, pod('cart')));
  await opened.file('ca.crt', api.authority?.certificate ?? '');
  const config = kubeconfigText({ server: api.url, 'certificate-authority': 'ca.crt' });
  const client = await opened.client(await opened.file('config', config), { limits: LAZY, logger, clock });
  await client.get(PODS, CART, opened);

  const { respond } = api;
  let answer: (() => void) | undefined;
  const arrived = new Promise<void>((resolve) => {
    api.respond = (...given) => {
      answer = () => respond(...given);
      resolve();
    };
  });
  const running = client.get(PODS, CART, opened);
  await arrived;
  api.respond = respond;
  const oldConnection = [...api.connections.open];
  const closed = Promise.all(oldConnection.map((socket) => new Promise((resolve) => socket.once('close', resolve))));

  const next = createAuthority();
  api.rotate(next);
  await replaceFile(join(opened.directory, 'ca.crt'), next.certificate);
  // New connections are needed, as the old one is busy; they are not trusted until the file is read again.
  await Promise.all(Array.from({ length: 3 }, () => client.delete(PODS, CART, opened)));
  expect(oldConnection.some((socket) => socket.destroyed)).toBe(false);
  answer?.();
  expect(await running).toEqual(pod('cart'));
  await closed;
  expect(warnings).toEqual([]);
});

it('a server whose certificate is not trusted is unavailable, and nothing is sent to it', async () => {
  const api = await opened.api((response) => sendJson(response, 200, pod('cart')));
  const ca = base64(createAuthority().certificate);
  const config = kubeconfigText({ server: api.url, 'certificate-authority-data': ca }, { token: 'secret' });
  const client = await opened.client(await opened.file('config', config));
  await expect(client.delete(PODS, CART, opened)).rejects.toMatchObject({
    code: 'unavailable',
    cause: { reason: 'CertificateNotTrusted' },
  });
  expect(api.received).toEqual([]);
});

it('a replaced client certificate gets new connections, a half replaced one leaves the old in force', async () => {
  const authority = createAuthority();
  const subjects: string[] = [];
  const api = await opened.api(
    (response, _, incoming) => {
      subjects.push((incoming.socket as TLSSocket).getPeerCertificate().subject.CN as string);
      sendJson(response, 200, pod('cart'));
    },
    { clientCa: authority.certificate },
  );
  const one = authority.issueClient('one', []);
  const two = authority.issueClient('two', []);
  const cert = await opened.file('tls.crt', one.certificate);
  const key = await opened.file('tls.key', one.key);
  const ca = base64(api.authority?.certificate ?? '');
  const user = { 'client-certificate': 'tls.crt', 'client-key': key };
  const config = kubeconfigText({ server: api.url, 'certificate-authority-data': ca }, user);
  const client = await opened.client(await opened.file('config', config), { limits: LAZY, logger, clock });
  await client.get(PODS, CART, opened);
  await replaceFile(cert, two.certificate);
  clock.now += 60_000;
  await client.get(PODS, CART, opened);
  expect(warnings).toHaveLength(1);
  await replaceFile(key, two.key);
  clock.now += 60_000;
  await client.get(PODS, CART, opened);
  expect(subjects).toEqual(['one', 'one', 'two']);
  expect(api.connections.accepted).toBe(2);
});

it('a service account token and CA are read again, too', async () => {
  const accepted = { token: 'one' };
  const api = await opened.api(guarded(accepted));
  const directory = join(opened.directory, 'service-account');
  await mkdir(directory);
  await writeFile(join(directory, 'token'), 'one');
  await writeFile(join(directory, 'ca.crt'), api.authority?.certificate ?? '');
  const { hostname, port } = new URL(api.url);
  const variables = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  const client = await createKubernetes(
    {
      ...scope(opened.signal, logger, clock),
      settings: { kubeconfig: '', namespace: '' },
      environment: { variables, homeDirectory: '/' },
    },
    LAZY,
    directory,
  );
  await client.get(PODS, CART, opened);
  accepted.token = 'two';
  await replaceFile(join(directory, 'token'), 'two');
  await client.get(PODS, CART, opened);
  const next = createAuthority();
  api.rotate(next);
  await replaceFile(join(directory, 'ca.crt'), next.certificate);
  clock.now += 60_000;
  await client.get(PODS, CART, opened);
  expect(tokens(api)).toEqual(['one', 'one', 'two', 'two']);
  expect(api.connections.accepted).toBe(2);
  await kubernetes.close?.(client);
});
