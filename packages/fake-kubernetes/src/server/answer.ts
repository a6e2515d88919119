import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { JsonObject } from '../json.ts';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON; text and bytes as `text/plain` unless the headers say otherwise. */
  readonly body: object | string | Uint8Array | Readable;
  /** Each becomes a `Warning: 299` header. */
  readonly warnings?: readonly string[];
  /** Without any of the headers the server's other answers have. */
  readonly bare?: boolean;
  /** With status 101: what takes the connection over. */
  readonly upgrade?: Upgrade;
}

/** `request` is still to be answered. Undefined: the request is carried out although nobody will hear of it. */
export type Upgrade = (connection: UpgradedConnection | undefined) => void;

export interface UpgradedConnection {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** Thrown by an operation that answers with a failure. A class because it has to be thrown. */
export class Refusal extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.answer = answer;
  }
}

export interface StatusInput {
  readonly code: number;
  readonly message: string;
  readonly reason?: string;
  readonly details?: JsonObject;
  readonly metadata?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A `Status` object with `status: Failure`, the keys in the order the server writes them. */
export function statusAnswer(input: StatusInput): Answer {
  const body: JsonObject = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: input.metadata ?? {},
    status: 'Failure',
    message: input.message,
  };
  if (input.reason !== undefined) body['reason'] = input.reason;
  if (input.details !== undefined) body['details'] = input.details;
  body['code'] = input.code;
  return { status: input.code, body, ...(input.headers === undefined ? {} : { headers: input.headers }) };
}

export function refuse(input: StatusInput): Refusal {
  return new Refusal(statusAnswer(input));
}

export const NOT_SNIFFED = { 'x-content-type-options': 'nosniff' };

export function plainText(status: number, text: string): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...NOT_SNIFFED }, body: text };
}
