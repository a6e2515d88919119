/** As much of ws as is used here; it brings no types of its own. */
declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  export interface ServerWebSocket extends EventEmitter<{
    message: [data: Buffer, isBinary: boolean];
    close: [code: number, reason: Buffer];
    error: [error: Error];
  }> {
    readonly protocol: string;
    send(data: Uint8Array, sent: (error?: Error) => void): void;
    pause(): void;
    resume(): void;
    close(code: number): void;
    terminate(): void;
  }

  export class WebSocketServer {
    constructor(options: {
      readonly noServer: true;
      readonly clientTracking: boolean;
      readonly maxPayload: number;
      readonly perMessageDeflate: boolean;
      readonly handleProtocols: (protocols: Set<string>, request: IncomingMessage) => string | false;
    });
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      opened: (socket: ServerWebSocket) => void,
    ): void;
  }
}
