import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { isTalonError, type Delivery } from '@falco-talon/core';
import { openOn } from './open-queue.ts';

// A replica with a queue of its own: node replica.fixture.ts URL LEASE. Each line it writes is `TIME WHAT ID ATTEMPT`.
// A message `hold…` is held until a line comes in; then an entry is appended. SIGTERM: stops in order.

/** So many that no replica is left without one. */
export const PARTITIONS = 32;

const [, self, url, lease] = process.argv;
if (self?.endsWith('replica.fixture.ts') && url && lease) await run(url, Number(lease));

async function run(server: string, lease_: number): Promise<void> {
  const queue = await openOn(server, { lease: lease_, partitions: PARTITIONS });
  const stopping = new AbortController();
  process.once('SIGTERM', () => stopping.abort());
  const input = createInterface({ input: process.stdin });
  let told = Promise.withResolvers<void>();
  input.on('line', () => told.resolve());
  say('ready');

  async function handle(delivery: Delivery): Promise<void> {
    const { id } = delivery.message;
    say('start', id, delivery.attempt);
    if (id.startsWith('hold') && delivery.attempt === 1) {
      await told.promise;
      told = Promise.withResolvers<void>();
      try {
        await delivery.append([{ step: 's', kind: 'intent', data: null }]);
        delivery.tenure?.check();
        say('appended', id, delivery.attempt);
      } catch (error) {
        say(isTalonError(error) ? `refused:${error.code}` : 'refused:conflict', id, delivery.attempt);
        throw error;
      }
    } else await delay(2);
    // Said before: what was asked for may be recorded or not when the process ends.
    say('end', id, delivery.attempt);
    await delivery.settle({ kind: 'done' });
    say('done', id, delivery.attempt);
  }

  await queue.consume(handle, { inFlight: 20, perKey: 1, signal: stopping.signal });
  await queue.close();
  say('closed');
  input.close();
}

/** In the pipe when it returns: the process may end with the next statement. */
function say(what: string, id = '-', attempt = 0): void {
  const line = `${performance.timeOrigin + performance.now()} ${what} ${id} ${attempt}\n`;
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}
