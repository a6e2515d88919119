import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const ends: (() => unknown)[] = [];
let proxy: TcpProxy;

beforeEach(async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  proxy = await startTcpProxy({ cleanUp: (work) => void ends.push(work) }, server.address() as AddressInfo);
});
afterEach(() => {
  for (const end of ends.splice(0).toReversed()) end();
});

async function dial(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  ends.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

it('holds what is sent while it hangs, and gives it on afterwards', async () => {
  const socket = await dial();
  expect(await echo(socket, 'one')).toBe('one');
  proxy.hang();
  const answer = echo(socket, 'two');
  // A connection opened meanwhile is accepted.
  await dial();
  expect(proxy.connections).toBe(2);
  await proxy.pass();
  expect(await answer).toBe('two');
});

it('resets a connection that lost bytes', async () => {
  const socket = await dial();
  await echo(socket, 'one');
  const failed = once(socket, 'error');
  proxy.blackhole();
  socket.write('gone');
  await expect.poll(() => proxy.swallowed).toBe(4);
  await proxy.pass();
  expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
  expect(await echo(await dial(), 'two')).toBe('two');
});

it('refuses connections while it is cut', async () => {
  const failed = once(await dial(), 'error');
  await proxy.cut();
  expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
  await expect(dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await proxy.pass();
  expect(await echo(await dial(), 'again')).toBe('again');
});

it('resets after so many bytes of an answer', async () => {
  proxy.resetAfter(3);
  const socket = await dial();
  expect(await echo(socket, 'one')).toBe('one');
  const failed = once(socket, 'error');
  socket.write('two');
  expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
});
