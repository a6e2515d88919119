import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OutcomeRecord } from '@falco-talon/core';

export interface Told {
  readonly record: OutcomeRecord;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A webhook receiver on loopback: the demo is told the outcomes like any other service would be. */
export interface Listener {
  readonly url: string;
  readonly told: readonly Told[];
  /** Resolves with true when that many records came, with false when they did not come in time. */
  until(count: number, milliseconds: number): Promise<boolean>;
  close(): void;
}

export async function startListener(): Promise<Listener> {
  const told: Told[] = [];
  let arrived = () => {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      told.push({ record: JSON.parse(Buffer.concat(chunks).toString()) as OutcomeRecord, at: Date.now() });
      response.writeHead(204).end();
      arrived();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    told,
    until(count, milliseconds) {
      if (told.length >= count) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), milliseconds);
        arrived = () => {
          if (told.length < count) return;
          clearTimeout(timer);
          resolve(true);
        };
      });
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
