import { once } from 'node:events';
import { connect } from 'node:net';

/** One kept-alive HTTP connection, as cheap as it can be made: on a small machine the load must not eat what it measures. */
export interface Connection {
  /**
   * Posts one body; resolves with the answer. One at a time.
   * @throws Error when the server closes the connection first
   */
  post(body: string, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  close(): void;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** The server closes the connection behind it: the next body needs another one. */
  readonly last: boolean;
}

const END_OF_HEAD = '\r\n\r\n';

/** @throws Error when nobody listens */
export async function openConnection(url: string): Promise<Connection> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let received = '';
  let waiting: PromiseWithResolvers<HttpAnswer> | undefined;
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    const answer = takeAnswer();
    if (answer !== undefined) waiting?.resolve(answer);
  });
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')));
  socket.on('error', () => {});

  /** The answer received; undefined while a part of it is missing. */
  function takeAnswer(): HttpAnswer | undefined {
    const head = received.indexOf(END_OF_HEAD);
    if (head === -1) return undefined;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1] ?? 0);
    const start = head + END_OF_HEAD.length;
    if (received.length < start + length) return undefined;
    const answer = {
      status: Number(received.slice(9, 12)),
      body: received.slice(start, start + length),
      last: /\r\nconnection: close\r\n/i.test(received.slice(0, start)),
    };
    received = received.slice(start + length);
    return answer;
  }

  return {
    post(body, headers = {}) {
      waiting = Promise.withResolvers();
      // The connection may have ended while nobody waited for an answer.
      if (socket.destroyed) waiting.reject(new Error('the server closed the connection'));
      const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const length = Buffer.byteLength(body);
      socket.write(
        `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${more.join('')}\r\n${body}`,
      );
      return waiting.promise;
    },
    close: () => socket.destroy(),
  };
}
