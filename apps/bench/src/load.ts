import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';

export interface Flood {
  readonly seconds: number;
  readonly latencies: readonly number[];
  readonly refused: number;
}

/** Posts bodies over kept-alive connections, as fast as the answers come. */
export async function flood(
  url: string,
  connections: number,
  count: number,
  body: (n: number) => string,
): Promise<Flood> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const latencies: number[] = [];
  let refused = 0;
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (next < count) {
        const text = body(next++);
        const sentAt = performance.now();
        const answer = await post(pool, text);
        latencies.push(performance.now() - sentAt);
        if (answer !== 202) refused++;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  await pool.close();
  return { seconds, latencies, refused };
}

/** Posts bodies at a steady rate, whatever the answers take. Resolves when all are answered. */
export async function pace(url: string, perSecond: number, count: number, body: (n: number) => string): Promise<void> {
  const pool = new Pool(url, { connections: 20, pipelining: 1 });
  const startedAt = performance.now();
  const answers: Promise<number>[] = [];
  for (let n = 0; n < count; n++) {
    const due = startedAt + (n * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await delay(wait);
    answers.push(post(pool, body(n)));
  }
  const refused = (await Promise.all(answers)).filter((status) => status !== 202).length;
  await pool.close();
  if (refused > 0) throw new Error(`${refused} of ${count} alerts were refused`);
}

async function post(pool: Pool, body: string): Promise<number> {
  const answer = await pool.request({
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/json' },
    body,
  });
  await answer.body.dump();
  return answer.statusCode;
}
