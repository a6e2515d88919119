import { setTimeout as delay } from 'node:timers/promises';
import { openConnection, type Connection } from '@falco-talon/testkit/server';

export interface Flood {
  readonly seconds: number;
  readonly latencies: readonly number[];
  readonly refused: number;
}

/** Posts bodies over kept-alive connections, as fast as the answers come. */
export async function flood(
  url: string,
  count: number,
  open: number,
  body: (n: number) => string,
  headers?: (n: number) => Readonly<Record<string, string>>,
): Promise<Flood> {
  const connections = await openConnections(url, open);
  const latencies: number[] = [];
  let refused = 0;
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (next < count) {
        const n = next++;
        const text = body(n);
        const own = headers?.(n);
        const sentAt = performance.now();
        const { status } = await connection.post(text, own);
        latencies.push(performance.now() - sentAt);
        if (status !== 202) refused++;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  for (const connection of connections) connection.close();
  return { seconds, latencies, refused };
}

/**
 * Posts bodies at a steady rate, as long as fewer answers are outstanding than `open`. Resolves when all are answered, with
 * the milliseconds each answer took.
 */
export async function pace(
  url: string,
  perSecond: number,
  count: number,
  body: (n: number) => string,
  open = 50,
): Promise<readonly number[]> {
  const connections = await openConnections(url, open);
  const free = [...connections];
  const startedAt = performance.now();
  const answers: Promise<boolean>[] = [];
  const latencies: number[] = [];
  for (let n = 0; n < count; n++) {
    const wait = startedAt + (n * 1000) / perSecond - performance.now();
    if (wait > 0) await delay(wait);
    // In turn: a server closes connections that nobody uses.
    const connection = free.shift();
    if (!connection) throw new Error(`${open} answers are outstanding: the server does not keep up with the rate`);
    const sentAt = performance.now();
    answers.push(
      connection.post(body(n)).then(({ status }) => {
        latencies.push(performance.now() - sentAt);
        return status === 202 && free.push(connection) > 0;
      }),
    );
  }
  const refused = (await Promise.all(answers)).filter((accepted) => !accepted).length;
  for (const connection of connections) connection.close();
  if (refused > 0) throw new Error(`${refused} of ${count} alerts were refused`);
  return latencies;
}

/**
 * Posts bodies at a steady rate whether the server keeps up or not: what has to wait for a free connection waits from the
 * moment it was due, so that a slow server cannot hide by being asked less.
 */
export async function steady(
  url: string,
  perSecond: number,
  count: number,
  open: number,
  body: (n: number) => string,
): Promise<Flood> {
  const connections = await openConnections(url, open);
  const latencies: number[] = [];
  let refused = 0;
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (next < count) {
        const n = next++;
        const text = body(n);
        let due = startedAt + (n * 1000) / perSecond;
        if (due > performance.now()) {
          await delay(Math.max(0, due - performance.now()));
          // A timer that is late is the fault of this process.
          due = performance.now();
        }
        const { status } = await connection.post(text);
        latencies.push(performance.now() - due);
        if (status !== 202) refused++;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  for (const connection of connections) connection.close();
  return { seconds, latencies, refused };
}

function openConnections(url: string, count: number): Promise<readonly Connection[]> {
  return Promise.all(Array.from({ length: count }, () => openConnection(url)));
}
