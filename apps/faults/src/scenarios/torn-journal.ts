import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startShop, until } from '../harness/index.ts';
import { traceDisk } from '../power-cut/traced-disk.ts';
import type { Scenario } from '../scenario.ts';

/** Bytes of a sector that was being written when the power went. */
const TAIL = 300;
const SIZES = { full: { cuts: 20, perSecond: 300, longest: 3_000 }, short: { cuts: 2, perSecond: 200, longest: 400 } };
/** A cut may come when all is flushed; one more then. */
const MOST_CUTS = 30;

export const tornJournal: Scenario = {
  name: 'torn-journal',
  title: 'the power goes while alerts come in: what was written and not flushed is lost or half there',
  async run(run) {
    const { cuts, perSecond, longest } = SIZES[run.size];
    const shop = await startShop(run);
    const { talon } = shop;
    const file = join(talon.directory, 'state', 'queue.sqlite');
    let done = 0;
    let lost = 0;
    let flushes = 0;
    let damaged = 0;
    let blind: string | undefined;
    for (; done < cuts || (lost === 0 && done < MOST_CUTS && blind === undefined); done++) {
      const disk = await traceDisk(run, talon.pid, [file, `${file}-wal`]);
      const sender = shop.send({ perSecond });
      await until(() => sender.sent.some(({ outcome }) => outcome === 'accepted'), run.signal);
      await delay(longest / 2 + (Math.random() * longest) / 2, undefined, { signal: run.signal });
      await talon.kill();
      await sender.stop();
      if (typeof disk === 'string') {
        blind = disk;
        await appendFile(`${file}-wal`, Buffer.alloc(TAIL, 0xa5));
      } else {
        // Of every second one nothing is left, of the others every second sector.
        const left = await disk.cut(() => done % 2 === 1 && Math.random() < 0.5);
        lost += left.lost;
        flushes += left.flushes;
      }
      await talon.start();
      const metrics = await talon.metrics();
      damaged += metrics.value('queue_damaged_stores_total') + metrics.queue().dead;
    }
    if (blind === undefined) {
      run.say(`${done} power cuts after ${flushes} flushes; ${lost} bytes that were not flushed were lost`);
      run.expect('something was lost', lost > 0);
    } else {
      run.leaveOut(`nobody knows what was flushed (${blind}); ${done} kills with garbage behind the log instead`);
    }
    run.expect('it never found its queue damaged, and set nothing aside', damaged === 0);
    await shop.settle();
  },
};
