import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { JsonObject } from '../json.ts';
import { WebSocket } from 'ws';

/** One command run by a real API server, reduced to what has to be the same. A line of `exec.jsonl`. */
export interface ExecExchange {
  readonly recording: string;
  readonly request: string;
  /** Default true. */
  readonly upgrade?: boolean;
  /** The subprotocols offered. */
  readonly protocols?: string;
  readonly as?: string;
  readonly status: number;
  /** Of a refusal. */
  readonly type?: string;
  readonly connection?: string;
  readonly body?: JsonObject;
  readonly text?: string;
  /** Chosen by the server. */
  readonly protocol?: string;
  /** Frames sent, in hexadecimal digits. */
  readonly send?: readonly string[];
  readonly ping?: boolean;
  /** The client leaves after the output: nothing else comes. */
  readonly leave?: boolean;
  readonly stdout?: string;
  readonly stdoutBytes?: number;
  readonly stderr?: string;
  /** The longest frame of output. */
  readonly largest?: number;
  /** The last frame; absent when there was none. */
  readonly end?: JsonObject;
  readonly close?: number;
}

export function execExchanges(): readonly ExecExchange[] {
  const text = readFileSync(join(import.meta.dirname, 'exec.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ExecExchange);
}

export interface Conversation {
  readonly protocol: string;
  readonly first: string;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly largest: number;
  readonly end: JsonObject | undefined;
  readonly close: number;
  readonly pong: boolean;
}

/** Opens the WebSocket and says what is to be said. */
export function converse(fake: FakeKubernetes, exchange: ExecExchange, token: string): Promise<Conversation> {
  const path = exchange.request.split(' ')[1] ?? '';
  const frames: Buffer[] = [];
  let pong = false;
  const offered = exchange.protocols?.split(', ') ?? [];
  const socket = new WebSocket(fake.url + path, offered, {
    ca: fake.ca,
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: 1_000_000,
    closeTimeout: 1_000,
    skipUTF8Validation: false,
    finishRequest: (request) => request.end(),
  });
  socket.on('open', () => {
    for (const hex of exchange.send ?? []) socket.send(Buffer.from(hex, 'hex'), () => undefined);
    if (exchange.ping === true) socket.ping('hi', true, () => undefined);
  });
  const of = (channel: number): Buffer =>
    Buffer.concat(frames.filter((frame) => frame[0] === channel).map((frame) => frame.subarray(1)));
  socket.on('pong', () => (pong = true));
  socket.on('message', (data) => {
    frames.push(data);
    if (exchange.leave === true && of(1).toString() === exchange.stdout) socket.close(1000);
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', (close) => {
      const end = frames.find((frame) => frame[0] === 3);
      const output = frames.filter((frame) => frame[0] !== 3);
      resolve({
        protocol: socket.protocol,
        first: frames[0]?.toString('hex') ?? '',
        stdout: of(1),
        stderr: of(2),
        largest: Math.max(...output.map((frame) => frame.length)),
        end: end === undefined ? undefined : (JSON.parse(end.toString('utf8', 1)) as JsonObject),
        close,
        pong,
      });
    });
  });
}
