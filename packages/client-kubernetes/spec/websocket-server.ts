import { createHash } from 'node:crypto';

/** The beginning of an answer, as a server writes it to its socket. */
export const head = (status: string, ...lines: string[]) => [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n');

/** The answer to a handshake. */
export function accept(request: string, protocol = 'v5.channel.k8s.io', ...more: string[]): string {
  const key = /sec-websocket-key: (.*)\r/i.exec(request)?.[1] ?? '';
  const digest = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const offered = protocol === '' ? [] : [`Sec-WebSocket-Protocol: ${protocol}`];
  return head(
    '101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${digest}`,
    ...offered,
    ...more,
  );
}

/** A frame of a server: operation 1 is text, 2 bytes, 8 the end, 9 a ping. */
export function frame(operation: number, payload: Uint8Array | string, length = payload.length): Buffer {
  const first = 0x80 | operation;
  const header = Buffer.alloc(10);
  header.set([first, 127]);
  header.writeBigUInt64BE(BigInt(length), 2);
  const short = Uint8Array.of(first, length);
  return Buffer.concat([length < 126 ? short : header, Buffer.from(payload as Uint8Array)]);
}
export const onChannel = (channel: number, text: string) =>
  frame(2, Buffer.concat([Uint8Array.of(channel), Buffer.from(text)]));
export const closing = (code: number, reason = '') => {
  const payload = Buffer.alloc(2 + reason.length);
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return frame(8, payload);
};

export const SUCCESS = onChannel(3, '{"metadata":{},"status":"Success"}');
export const failure = (status: object) => onChannel(3, JSON.stringify({ status: 'Failure', ...status }));
