import { existsSync, readFileSync } from 'node:fs';
import { definePlugin, defineQueue, type Delivery, type Entry, type Settlement } from '@falco-talon/core';
import queueSqlite from '@falco-talon/queue-sqlite';

/** A plugin of the program under test: the file queue, which can be made to stop at a given entry of the journal. */

/** In the working directory; without it nothing is held. */
export const HOLD_FILE = 'hold.json';

/** From this entry on, no answer comes back for this event: its process stands still there. */
export interface Hold {
  readonly at: Entry['kind'] | Settlement['kind'];
  /** Whether the entry itself is written. */
  readonly written: boolean;
}

const [sqlite] = queueSqlite.queues ?? [];
if (!sqlite) throw new Error('the package of the file queue brings no queue');
const never = new Promise<never>(() => {});

function held(delivery: Delivery, hold: Hold): Delivery {
  let stands = false;
  async function pass(kind: string | undefined, write: () => Promise<void>): Promise<void> {
    if (stands) return never;
    if (kind !== hold.at) return write();
    stands = true;
    if (hold.written) await write();
    const { id } = delivery.message;
    process.stdout.write(`${JSON.stringify({ message: 'held', level: 'info', time: '', id, at: hold.at })}\n`);
    return never;
  }
  return {
    message: delivery.message,
    attempt: delivery.attempt,
    journal: delivery.journal,
    keepAlive: () => delivery.keepAlive(),
    append: (entries) => pass(entries.find(({ kind }) => kind === hold.at)?.kind, () => delivery.append(entries)),
    settle: (end) => pass(end.kind, () => delivery.settle(end)),
  };
}

export default definePlugin({
  name: 'held-queue',
  category: 'held',
  queues: [
    defineQueue({
      name: 'held',
      description: 'The file queue, which can be made to stand still.',
      durable: true,
      settings: sqlite.settings,
      async open(input) {
        const queue = await sqlite.open(input);
        if (!existsSync(HOLD_FILE)) return queue;
        const hold = JSON.parse(readFileSync(HOLD_FILE, 'utf8')) as Hold;
        return {
          ...queue,
          consume: (handler, limits) => queue.consume((delivery) => handler(held(delivery, hold)), limits),
        };
      },
    }),
  ],
});
