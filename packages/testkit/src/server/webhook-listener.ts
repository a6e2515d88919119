import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OutcomeRecord } from '@falco-talon/core';
import { createConditions } from '../run/conditions.ts';

/** A webhook receiver on loopback that keeps the outcomes it is told, and can be made not to answer. */
export interface WebhookListener {
  readonly url: string;
  readonly records: readonly OutcomeRecord[];
  /** Calls received, the ones not answered included. */
  readonly calls: number;
  /** From now on calls are neither answered nor kept. */
  hold(): void;
  release(): void;
  /** Resolves when something arrived that makes the condition true. */
  until(condition: () => boolean): Promise<void>;
  close(): void;
}

export async function startWebhookListener(): Promise<WebhookListener> {
  const records: OutcomeRecord[] = [];
  const { check, until } = createConditions();
  let held = false;
  let calls = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      calls++;
      if (!held) {
        records.push(JSON.parse(Buffer.concat(chunks).toString()) as OutcomeRecord);
        response.writeHead(204).end();
      }
      check();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    records,
    get calls() {
      return calls;
    },
    hold: () => void (held = true),
    release: () => void (held = false),
    until,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
