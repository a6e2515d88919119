import { connect } from 'node:net';
import { once } from 'node:events';

/** One kept-alive HTTP connection, as cheap as it can be made: on a small machine the load must not eat what it measures. */
export interface Connection {
  /** Posts one body; resolves with the status of the answer. One at a time. */
  post(body: string): Promise<number>;
  close(): void;
}

const END_OF_HEAD = '\r\n\r\n';

export async function openConnection(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let received = '';
  let waiting: PromiseWithResolvers<number> | undefined;
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    const status = takeAnswer();
    if (status !== undefined) waiting?.resolve(status);
  });
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')));
  socket.on('error', () => {});

  /** The status of the answer received; undefined while a part of it is missing. */
  function takeAnswer(): number | undefined {
    const head = received.indexOf(END_OF_HEAD);
    if (head === -1) return undefined;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1] ?? 0);
    const end = head + END_OF_HEAD.length + length;
    if (received.length < end) return undefined;
    const status = Number(received.slice(9, 12));
    received = received.slice(end);
    return status;
  }

  return {
    post(body) {
      waiting = Promise.withResolvers();
      const length = Buffer.byteLength(body);
      socket.write(
        `POST / HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
      );
      return waiting.promise;
    },
    close: () => socket.destroy(),
  };
}
