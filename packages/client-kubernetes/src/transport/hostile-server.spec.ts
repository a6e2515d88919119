import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kubeconfigText, open, QUICK, type Opened } from '../../spec/loopback-api.ts';
import { PODS } from '../index.ts';

const CART = { namespace: 'shop', name: 'cart' };
let opened: Opened;
beforeEach(async () => {
  opened = await open();
});
afterEach(() => opened.close());

/** A client of a server that does what the test says with each connection that sent something. */
async function clientOf(answer: (socket: Socket) => void, limits = {}) {
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => answer(socket)));
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = await opened.file('config', kubeconfigText({ server: url }, { token: 'secret' }));
  const client = await opened.client(config, { limits: { ...QUICK, attempts: 1, attemptTime: 2_000, ...limits } });
  return {
    read: () => client.get(PODS, CART, opened),
    write: () => client.patch(PODS, CART, { type: 'merge', body: {} }, opened),
  };
}

const head = (status: string, ...lines: string[]) => [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n');
const whole = (status: string, body: string) => head(status, `Content-Length: ${Buffer.byteLength(body)}`) + body;

describe('a server that is no API server, or a hostile one', () => {
  it.each([301, 302, 303, 307, 308])('is not followed elsewhere with %d', async (code) => {
    let followed = false;
    const elsewhere = createServer(() => (followed = true)).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    const { read, write } = await clientOf((socket) =>
      socket.end(head(`${code} Moved`, `Location: ${location}`, 'Content-Length: 0')),
    );
    await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(write()).rejects.toMatchObject({ code: 'unavailable' });
    expect(followed).toBe(false);
    elsewhere.close();
  });

  it('gets nothing unpacked', async () => {
    const packed = gzipSync(Buffer.alloc(20_000_000));
    const { read } = await clientOf((socket) => {
      socket.write(head('200 OK', 'Content-Encoding: gzip', `Content-Length: ${packed.length}`));
      socket.end(packed);
    });
    await expect(read()).rejects.toMatchObject({ code: 'unavailable', cause: { reason: 'UnreadableAnswer' } });
  });

  it.each([
    ['null', whole('200 OK', 'null')],
    ['a list', whole('200 OK', '[]')],
    ['nothing', whole('200 OK', '')],
    ['brackets', whole('200 OK', '['.repeat(200_000))],
    ['another protocol', 'SSH-2.0-OpenSSH\r\n'],
    ['two lengths', head('200 OK', 'Content-Length: 2', 'Content-Length: 5') + '{}'],
    ['a broken chunk', head('200 OK', 'Transfer-Encoding: chunked') + 'ZZ\r\n'],
    ['another protocol after this one', head('101 Switching Protocols', 'Upgrade: x', 'Connection: upgrade')],
    ['endless headers', head('200 OK', `X: ${'x'.repeat(300_000)}`)],
  ])('that answers with %s is unavailable, and leaves a write open', async (_, answer) => {
    const { read, write } = await clientOf((socket) => socket.end(answer));
    await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(write()).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  it('that sends one byte after the other runs into the time limit', async () => {
    const { read } = await clientOf(
      (socket) => {
        socket.write(head('200 OK', 'Content-Length: 1000'));
        const drip = setInterval(() => socket.write(' '), 5);
        socket.on('close', () => clearInterval(drip));
      },
      { attemptTime: 100 },
    );
    await expect(read()).rejects.toMatchObject({ code: 'timeout' });
  });

  it('that sends too much leaves a write open', async () => {
    const { write } = await clientOf((socket) => socket.write(whole('200 OK', ' '.repeat(2_000))), {
      answerBytes: 1_000,
    });
    await expect(write()).rejects.toMatchObject({ code: 'outcome_unknown', cause: { reason: 'AnswerTooLarge' } });
  });

  it('has its words cut and cleaned', async () => {
    const { read } = await clientOf((socket) =>
      socket.end(head('200 OK', `Content-Type: ${'x'.repeat(5_000)}`, 'Content-Length: 1') + 'x'),
    );
    const long = (await read().catch((e: unknown) => e)) as Error;
    expect(long.message.length).toBeLessThan(400);
    const text = '\u001b[31mred \u202e\u061cturned\nforged line';
    const other = await clientOf((socket) => socket.end(whole('403 Forbidden', text)));
    await expect(other.read()).rejects.toThrow(/^not allowed to get pods shop\/cart: [ -~]+$/);
  });

  it('cannot put an answer in front of the next call', async () => {
    let answers = 0;
    const { read } = await clientOf((socket) => {
      const answer = () => socket.write(whole('200 OK', `{"n":${++answers}}`) + whole('200 OK', '{"n":"forged"}'));
      socket.on('data', answer);
      answer();
    });
    expect(await read()).toEqual({ n: 1 });
    expect(await read()).toEqual({ n: 2 });
  });
});
