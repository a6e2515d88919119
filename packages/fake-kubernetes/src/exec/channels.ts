import { Readable, Writable } from 'node:stream';
import type { ServerWebSocket } from 'ws';
import { V5 } from './protocols.ts';

/** The kubelet reads the output in such pieces. */
const PIECE = 8192;

export interface Channels {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Sends the last frame, where the protocol has one, after all output, and closes. */
  finish(status: object): Promise<void>;
}

function frame(channel: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(channel), bytes]);
}

/** Output that is never read: the pipe of a program whose client is gone fills up and stays full. */
function unread(): Writable {
  return new Writable({ write: () => undefined });
}

/** Nobody is there from the beginning. */
export function noChannels(): Channels {
  return { stdin: Readable.from([]), stdout: unread(), stderr: unread(), finish: async () => undefined };
}

/** The streams of a command as the frames of a WebSocket. */
export function channelsOf(socket: ServerWebSocket): Channels {
  let gone = false;
  const send = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      // Without a client the write never ends, as that of a program whose pipe is full.
      if (!gone) socket.send(bytes, (error) => (error == null ? resolve() : undefined));
    });
  const output = (channel: number): Writable =>
    new Writable({
      write(chunk: Buffer, _, done) {
        void (async () => {
          for (let at = 0; at < chunk.length; at += PIECE) await send(frame(channel, chunk.subarray(at, at + PIECE)));
          done();
        })();
      },
    });
  const stdin = new Readable({ read: () => socket.resume() });
  const stdout = output(1);
  const stderr = output(2);

  socket.on('message', (data) => {
    const channel = data[0];
    if (channel === 0 && data.length > 1 && !stdin.push(data.subarray(1))) socket.pause();
    if (socket.protocol === V5 && channel === 0xff && data[1] === 0) stdin.push(null);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    gone = true;
    stdin.push(null);
  });
  void send(frame(1, Buffer.alloc(0)));

  return {
    stdin,
    stdout,
    stderr,
    async finish(status) {
      await Promise.all([stdout, stderr].map((stream) => new Promise<void>((resolve) => stream.end(resolve))));
      const says = socket.protocol === V5 || socket.protocol.startsWith('v4.');
      if (says) await send(frame(3, Buffer.from(JSON.stringify(status))));
      socket.resume();
      socket.close(1000);
    },
  };
}
