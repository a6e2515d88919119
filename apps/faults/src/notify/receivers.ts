import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OutcomeRecord } from '@falco-talon/core';
import type { FaultRun } from '../scenario.ts';
import { RECEIVERS, type ReceiverName } from './webhooks.ts';

/** What one of them was asked. */
export interface Received {
  /** Calls about each alert, by its trace id. */
  readonly calls: ReadonlyMap<string, number>;
  /** Milliseconds after which callers gave up that had no answer. */
  readonly givenUp: readonly number[];
}

export interface Receivers {
  readonly urls: Readonly<Record<ReceiverName, string>>;
  readonly of: (name: ReceiverName) => Received;
}

/** No resolver knows it, now or ever (RFC 6761). */
const NOWHERE = 'http://receiver.invalid/';

/** Receivers of notifications: one that answers, and one for each way not to. */
export async function startReceivers(run: Pick<FaultRun, 'cleanUp'>): Promise<Receivers> {
  const all = new Map(RECEIVERS.map((name) => [name, { calls: new Map<string, number>(), givenUp: [] as number[] }]));
  const of = (name: ReceiverName) => all.get(name)!;
  const server = createServer(async (request, response) => {
    const at = performance.now();
    const name = request.url!.slice(1) as ReceiverName;
    const { calls, givenUp } = of(name);
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { trace_id: trace } = JSON.parse(Buffer.concat(chunks).toString()) as OutcomeRecord;
    calls.set(trace, (calls.get(trace) ?? 0) + 1);
    if (name === 'answers') response.writeHead(204).end();
    else if (name === 'throttles') response.writeHead(429, { 'retry-after': '1' }).end();
    else if (name === 'fails') response.writeHead(500).end('out of order');
    else if (name === 'resets') request.socket.resetAndDestroy();
    else request.socket.once('close', () => givenUp.push(performance.now() - at));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  run.cleanUp(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const urlOf = (name: ReceiverName) => (name === 'nowhere' ? NOWHERE : `http://127.0.0.1:${port}/${name}`);
  return { of, urls: Object.fromEntries(RECEIVERS.map((name) => [name, urlOf(name)])) as Receivers['urls'] };
}
