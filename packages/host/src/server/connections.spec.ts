import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { createAuthority } from '@falco-talon/fake-kubernetes';
import { afterEach, expect, it } from 'vitest';
import { testServer, type TestServer } from './testing-server.ts';

const TOKEN = 'a-token-of-enough-characters';
const ALERT = `POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 2\r\n\r\n{}`;

const open: TestServer[] = [];
const sockets: Socket[] = [];
async function started(limits: Parameters<typeof testServer>[1], tls = {}): Promise<TestServer> {
  const server = await testServer({}, limits, undefined, { auth: { tokens: [TOKEN] }, tls });
  open.push(server);
  return server;
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

async function opened(server: TestServer, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port: server.port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}
/** What comes first: an answer, or the end. */
async function ask(socket: Socket, text = ALERT): Promise<string> {
  const ended = once(socket, 'close').then(() => 'ended');
  socket.write(text);
  return Promise.race([ended, once(socket, 'data').then(([bytes]: Buffer[]) => bytes!.toString().slice(9, 12))]);
}

it('the oldest connection without credentials gives its place to a new one', async () => {
  const server = await started({ maxConnections: 2 });
  const [oldest, next] = [await opened(server), await opened(server)];
  const ended = once(oldest, 'close');
  expect(await ask(await opened(server))).toBe('202');
  await ended;
  expect(server.connectionReasons).toEqual(['displaced']);
  expect(await ask(next)).toBe('202');
});

it('who has shown credentials keeps its place, wrong ones are none', async () => {
  const server = await started({ maxConnections: 2 });
  const known = await opened(server);
  expect(await ask(known)).toBe('202');
  const idle = await opened(server);
  expect(await ask(idle, ALERT.replace(TOKEN, 'wrong'))).toBe('401');
  const other = await opened(server);
  expect(await ask(other)).toBe('202');
  expect(await ask(await opened(server))).toBe('ended');
  expect(server.connectionReasons.at(-1)).toBe('total');
  expect([await ask(known), await ask(other)]).toEqual(['202', '202']);
  known.destroy();
  await once(known, 'close');
  const again = async () => (await ask(await opened(server))) === '202';
  while (!(await again()));
});

it('one address has its share, and the others theirs', async () => {
  const server = await started({ maxConnectionsPerSender: 2 });
  const idle = [await opened(server), await opened(server)];
  const first = once(idle[0]!, 'close');
  const greedy = await opened(server);
  await first;
  expect([await ask(greedy), await ask(idle[1]!)]).toEqual(['202', '202']);
  expect(await ask(await opened(server))).toBe('ended');
  expect(await ask(await opened(server, '127.0.0.2'))).toBe('202');
  expect(server.connectionReasons).toEqual(['displaced', 'sender']);
});

it('a place is kept behind TLS, too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'connections-'));
  const authority = createAuthority();
  const { certificate, key } = authority.issueServer();
  const tls = { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') };
  await Promise.all([writeFile(tls.cert_file, certificate), writeFile(tls.key_file, key)]);
  const server = await started({ maxConnections: 1 }, tls);
  const known = connectTls({ port: server.port, host: '127.0.0.1', ca: authority.certificate });
  sockets.push(known);
  await once(known, 'secureConnect');
  expect(await ask(known)).toBe('202');
  const other = await opened(server);
  if (!other.destroyed) await once(other, 'close');
  expect(server.connectionReasons).toEqual(['total']);
  expect(await ask(known)).toBe('202');
  await rm(folder, { recursive: true });
});
