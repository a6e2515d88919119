import type { WebSocket } from 'ws';
import type { Limits } from '../limits.ts';
import { shortText } from '../status.ts';
import { createBodyStream } from '../transport/body-stream.ts';
import type { Lost } from '../transport/exchange.ts';
import { startHeartbeat } from './heartbeat.ts';

/** The first byte of every frame. */
export const STDIN = 0;
export const STDOUT = 1;
export const STATUS = 3;

export const V5 = 'v5.channel.k8s.io';
export const V4 = 'v4.channel.k8s.io';

/** A connection a command runs over. Always to be closed. */
export interface Channel {
  readonly protocol: string;
  /** What comes of stdout, stderr and the status, the channel in the first byte, with back-pressure to the server. */
  frames(): AsyncGenerator<Buffer, Lost | undefined>;
  /** Resolves when the frame has left, or never will: `frames()` tells why. */
  send(frame: Uint8Array): Promise<void>;
  /** Ends it at once; `frames()` gives this as its end. */
  fail(lost: Lost): void;
  /** Ends it after all has been said. */
  close(): void;
}

/** Takes over a WebSocket that has just been opened. */
export function openChannel(socket: WebSocket, limits: Limits): Channel {
  let paused = false;
  const stream = createBodyStream({
    pause() {
      paused = true;
      socket.pause();
    },
    resume() {
      paused = false;
      socket.resume();
    },
    abort: () => end(),
  });

  const end = (): void => {
    heartbeat.stop();
    socket.terminate();
  };
  const fail = (lost: Lost): void => {
    stream.fail(lost);
    end();
  };
  const broken = (text: string): void => fail({ lost: 'network', sent: true, text });
  // While the reader is slow nothing is read, signs of life included.
  const heartbeat = startHeartbeat(socket, limits, { excused: () => paused, dead: broken });

  socket.on('message', (data, isBinary) => {
    if (!isBinary) return broken('the server sent text where bytes were expected');
    heartbeat.heard();
    const channel = data[0] ?? STDIN;
    // The first frame is empty and only says that the connection stands. Other channels are none of ours.
    if (data.length > 1 && channel >= STDOUT && channel <= STATUS) stream.push(data);
  });
  socket.on('error', (error) => broken(error.message));
  socket.on('close', (code, reason) => {
    const said = shortText(reason.toString(), 100);
    broken(`the connection ended before the command did (${code}${said === '' ? '' : `: ${said}`})`);
  });

  return {
    protocol: socket.protocol,
    frames: () => stream.read(),
    send(frame) {
      heartbeat.inputSent();
      return new Promise((resolve) => socket.send(frame, () => resolve()));
    },
    fail,
    close() {
      heartbeat.stop();
      stream.end();
      socket.resume();
      socket.close(1000);
    },
  };
}
