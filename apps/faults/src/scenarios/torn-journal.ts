import { appendFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startShop } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Bytes of a sector that was being written when the power went. */
const TAIL = 300;

export const tornJournal: Scenario = {
  name: 'torn-journal',
  title: 'the power goes: what was written and not flushed is lost or half there; its queue is the file',
  async run(run) {
    const shop = await startShop(run);
    const { talon } = shop;
    const log = join(talon.directory, 'state', 'queue.sqlite-wal');
    const size = async () => (await stat(log)).size;
    const cuts = run.size === 'full' ? 20 : 2;
    let lost = 0;
    for (let cut = 0; cut < cuts; cut++) {
      await shop.send({ perSecond: 300, count: run.size === 'full' ? 600 : 60 }).done;
      // Everything that was answered is flushed by now; what comes behind it may go.
      const flushed = await size();
      await delay(20);
      await talon.kill();
      const end = await size();
      const left = flushed + Math.floor(Math.max(0, end - flushed) * Math.random());
      await truncate(log, left);
      lost += end - left;
      await appendFile(log, Buffer.alloc(TAIL, 0xa5));
      await talon.start();
    }
    run.say(
      `${cuts} power cuts; ${lost} bytes behind the last answer were lost, ${TAIL} bytes of garbage stood behind`,
    );
    run.expect('it never found its queue damaged', (await talon.metrics()).value('queue_damaged_stores_total') === 0);
    await shop.settle();
  },
};
