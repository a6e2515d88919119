/** As much of ws as is used here; it brings no types of its own. */
declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { ClientRequest, IncomingMessage } from 'node:http';

  export interface ClientOptions {
    readonly headers?: Readonly<Record<string, string>>;
    readonly perMessageDeflate: false;
    readonly followRedirects: false;
    readonly maxPayload: number;
    readonly closeTimeout: number;
    readonly skipUTF8Validation: boolean;
    readonly autoPong?: boolean;
    readonly finishRequest: (request: ClientRequest) => void;
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  }

  interface Events {
    open: [];
    message: [data: Buffer, isBinary: boolean];
    ping: [data: Buffer];
    pong: [data: Buffer];
    close: [code: number, reason: Buffer];
    error: [error: Error];
    'unexpected-response': [request: ClientRequest, response: IncomingMessage];
  }

  export class WebSocket extends EventEmitter<Events> {
    constructor(address: string, protocols: readonly string[], options: ClientOptions);
    readonly protocol: string;
    readonly bufferedAmount: number;
    send(data: Uint8Array, sent: (error?: Error) => void): void;
    ping(data: string, mask: boolean, sent: (error?: Error) => void): void;
    pong(data: Buffer, mask: boolean, sent: (error?: Error) => void): void;
    pause(): void;
    resume(): void;
    close(code: number): void;
    /** Ends the connection without a closing handshake. */
    terminate(): void;
  }
}
