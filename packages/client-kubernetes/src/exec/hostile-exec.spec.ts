import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CART, said, shell } from '../../spec/exec-cluster.ts';
import { kubeconfigText, open, QUICK, type Opened } from '../../spec/loopback-api.ts';
import { accept, closing, failure, frame, head, onChannel, SUCCESS } from '../../spec/websocket-server.ts';
import type { Limits } from '../limits.ts';

let opened: Opened;
beforeEach(async () => {
  opened = await open();
});
afterEach(() => opened.close());

/** A client of a server that does what the test says with each connection that sent a request. */
async function clientOf(answer: (socket: Socket, request: string) => void, limits: Partial<Limits> = {}) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('data', (data) => answer(socket, data.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = await opened.file('config', kubeconfigText({ server: url }, { token: 'secret' }));
  return opened.client(config, { limits: { ...QUICK, attempts: 1, attemptTime: 2_000, ...limits } });
}

function endless(chunk: Buffer, count: (bytes: number) => void = () => {}): Readable {
  return new Readable({
    read() {
      count(chunk.length);
      this.push(chunk);
    },
  });
}

describe('a server that answers the handshake wrongly', () => {
  it.each([
    [
      'with a key of its own',
      () => head('101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: x'),
    ],
    ['with another protocol', (request: string) => accept(request, 'v9.channel.k8s.io')],
    ['with no protocol', (request: string) => accept(request, '')],
    [
      'with compression nobody asked for',
      (request: string) => accept(request, 'v5.channel.k8s.io', 'Sec-WebSocket-Extensions: permessage-deflate'),
    ],
    ['with garbage', () => 'SSH-2.0-OpenSSH\r\n'],
    ['with endless headers', () => head('101 Switching Protocols', `X: ${'x'.repeat(100_000)}`)],
    ['by leaving', () => ''],
  ])('%s may have run the command', async (_, answer) => {
    const client = await clientOf((socket, request) => socket.end(answer(request)));
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  it('with silence runs into the time limit', async () => {
    const client = await clientOf(() => {}, { attemptTime: 200 });
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  it.each([200, 301, 302, 307, 404])('with %d makes no connection elsewhere', async (code) => {
    let requests = 0;
    const client = await clientOf((socket) => {
      requests++;
      socket.end(head(`${code} X`, 'Location: http://127.0.0.1:1/', 'Content-Length: 0'));
    });
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({ name: 'TalonError' });
    expect(requests).toBe(1);
  });

  it('with a page without end is cut off', async () => {
    const client = await clientOf((socket) => {
      socket.write(head('500 X', 'Content-Type: text/plain'));
      endless(Buffer.alloc(100_000, 'x')).pipe(socket);
    });
    const error = await said(client.exec(CART, shell(opened, 'true'))).catch((e: unknown) => e as Error);
    expect(error).toMatchObject({ code: 'unavailable' });
    expect((error as Error).message.length).toBeLessThan(500);
  });
});

describe('a server that breaks the conversation', () => {
  const unknown: [string, Buffer][] = [
    ['no frames at all', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a frame that says it is endless', frame(2, 'x', 2 ** 40)],
    ['a reserved operation', frame(7, 'x')],
    ['a masked frame', Buffer.from([0x82, 0x81, 1, 2, 3, 4, 5])],
    ['no status before the end', closing(1000)],
    ['an inner error', closing(1011, 'something \u001b[31m\n broke')],
    ['a code that is none', closing(17)],
    ['a status that is no JSON', onChannel(3, '{')],
    ['a status that is a list', onChannel(3, '[]')],
    ['a status of another kind', onChannel(3, '{"status":"Maybe"}')],
    ['a failure without a word', failure({})],
    ['an exit code that is none', failure({ details: { causes: [{ reason: 'ExitCode', message: '3; rm' }] } })],
    ['causes that are none', failure({ details: { causes: 'x' } })],
    ['a prototype', onChannel(3, '{"__proto__":{"status":"Success"}}')],
  ];
  it.each(unknown)('by %s leaves open what the command did', async (_, bytes) => {
    const client = await clientOf((socket, request) =>
      socket.end(Buffer.concat([Buffer.from(accept(request)), bytes])),
    );
    const error = await said(client.exec(CART, shell(opened, 'true'))).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'outcome_unknown', retryable: true });
    expect((error as Error).message).toMatch(/^[ -~]{1,500}$/);
  });

  it.each([
    ['text', frame(1, 'hello'), /text where bytes were expected/],
    ['a frame of 2 MB', frame(2, Buffer.alloc(2_000_000, 1)), /Max payload size exceeded/],
  ])('is left at once because of %s', async (_, bytes, words) => {
    const client = await clientOf((socket, request) => {
      socket.write(Buffer.concat([Buffer.from(accept(request)), bytes, SUCCESS]));
    });
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toThrow(words);
  });

  it('is listened to as far as it speaks of the command', async () => {
    const client = await clientOf((socket, request) => {
      const frames = [
        onChannel(9, 'x'),
        onChannel(0, 'x'),
        frame(2, ''),
        onChannel(1, ''),
        onChannel(255, '\0'),
        frame(9, 'hi'),
      ];
      socket.write(
        Buffer.concat([Buffer.from(accept(request)), ...frames, onChannel(1, 'out'), SUCCESS, onChannel(1, 'late')]),
      );
      socket.write(closing(1000));
    });
    expect(await said(client.exec(CART, shell(opened, 'true')))).toEqual({ stdout: 'out', stderr: '', exitCode: 0 });
  });

  it('gives what came before it broke', async () => {
    const client = await clientOf((socket, request) => {
      socket.end(Buffer.concat([Buffer.from(accept(request)), onChannel(1, 'one'), onChannel(2, 'two')]));
    });
    const run = client.exec(CART, shell(opened, 'true'));
    expect(await run.next()).toMatchObject({ value: { stream: 'stdout' } });
    expect(await run.next()).toMatchObject({ value: { stream: 'stderr' } });
    await expect(run.next()).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  it('has its words cut and cleaned', async () => {
    const words = `exec: "sh": executable file not found in $PATH \u001b[31m\u202e${'x'.repeat(10_000)}`;
    const client = await clientOf((socket, request) => {
      socket.end(Buffer.concat([Buffer.from(accept(request)), failure({ message: words })]));
    });
    const error = await said(client.exec(CART, shell(opened, 'true'))).catch((e: unknown) => e as Error);
    expect(error).toMatchObject({ code: 'unsupported' });
    expect((error as Error).message).toMatch(/^[ -~…]{1,500}$/);
  });

  it('has its words searched in no more time than they deserve', async () => {
    const client = await clientOf((socket, request) => {
      socket.end(Buffer.concat([Buffer.from(accept(request)), failure({ message: 'exec "'.repeat(170_000) })]));
    });
    // A search through all of it takes seconds each time.
    for (let times = 0; times < 40; times++) {
      await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({ code: 'outcome_unknown' });
    }
  });

  it('and says much before the words of the runtime is understood', async () => {
    const message = `OCI runtime exec failed: exec failed: exec: "/${'x'.repeat(500_000)}": file name too long`;
    const client = await clientOf((socket, request) => {
      socket.end(Buffer.concat([Buffer.from(accept(request)), failure({ message })]));
    });
    await expect(said(client.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({ code: 'rejected' });
  });

  it('and reads no answers to its pings gets few of them', async () => {
    const PINGS = 150_000;
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(9, 'x'.repeat(125))));
    let read = 0;
    const client = await clientOf((socket, request) => {
      socket.pause();
      socket.write(accept(request));
      for (let sent = 0; sent < PINGS; sent += 1_000) socket.write(pings);
      socket.write(onChannel(1, 'all of them are there'));
      socket.on('data', (data) => (read += data.length));
      opened.atEnd(async () => void socket.destroy());
      resume = () => {
        socket.resume();
        socket.write(SUCCESS);
      };
    });
    let resume = (): void => {};
    const run = client.exec(CART, shell(opened, 'true'));
    expect((await run.next()).done).toBe(false);
    resume();
    expect((await run.next()).done).toBe(true);
    expect(read).toBeLessThan((PINGS * 125) / 2);
  });

  it('and goes silent is noticed, unless it answers pings', async () => {
    const limits = { pingInterval: 40, unansweredPings: 3 };
    const dead = await clientOf((socket, request) => socket.write(accept(request)), limits);
    await expect(said(dead.exec(CART, shell(opened, 'true')))).rejects.toMatchObject({
      code: 'outcome_unknown',
      message: expect.stringContaining('no sign of life'),
    });
    const alive = await clientOf((socket, request) => {
      socket.write(accept(request));
      let pings = 0;
      socket.on('data', () => {
        socket.write(frame(10, String(++pings)));
        if (pings === 8) socket.write(SUCCESS);
      });
    }, limits);
    expect(await said(alive.exec(CART, shell(opened, 'true')))).toMatchObject({ exitCode: 0 });
  });

  it('is not pinged while it sends, nor while nobody reads: it might have ended by then, and drop what is on its way', async () => {
    let pings = 0;
    let flow: NodeJS.Timeout | undefined;
    const client = await clientOf(
      (socket, request) => {
        socket.write(accept(request));
        // A ping begins with this byte.
        socket.on('data', (data) => (pings += data[0] === 0x89 ? 1 : 0));
        flow = setInterval(() => socket.write(onChannel(1, 'x')), 10);
        socket.once('close', () => clearInterval(flow));
        setTimeout(() => {
          clearInterval(flow);
          for (let n = 0; n < 100; n++) socket.write(frame(2, Buffer.alloc(8_193, 1)));
          socket.write(SUCCESS);
        }, 400);
      },
      { pingInterval: 80, unansweredPings: 2 },
    );
    const run = client.exec(CART, shell(opened, 'true'));
    let bytes = 0;
    for await (const chunk of run) {
      bytes += chunk.bytes.length;
      // Meanwhile more lies ready than is taken in.
      if (chunk.bytes.length > 1 && bytes < 20_000) await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect(bytes).toBeGreaterThan(819_200);
    expect(pings).toBe(0);
  });

  it('and answers no pings while the command does not take its input is not taken for dead', async () => {
    let after = 0;
    const client = await clientOf(
      (socket, request) => {
        socket.write(accept(request));
        // The input and its end come first, then pings.
        socket.on('data', () => ++after === 12 && socket.write(SUCCESS));
      },
      { pingInterval: 40, unansweredPings: 3 },
    );
    async function* input() {
      yield Buffer.from('x');
    }
    expect(await said(client.exec(CART, shell(opened, 'true', { stdin: input() })))).toMatchObject({ exitCode: 0 });
  });

  it('and floods with tiny frames meets a bound', async () => {
    let written = 0;
    const tiny = Buffer.concat(Array.from({ length: 10_000 }, () => onChannel(1, 'x')));
    const client = await clientOf((socket, request) => {
      socket.write(accept(request));
      endless(tiny, (bytes) => (written += bytes)).pipe(socket);
    });
    const run = client.exec(CART, shell(opened, 'true'));
    await run.next();
    let before = -1;
    while (written !== before) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(written).toBeLessThan(30_000_000);
    await run.return({ exitCode: 0 });
  });
});
