import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { account, sayAccount, startShop, type Shop } from '../harness/index.ts';
import type { FaultRun, Scenario } from '../scenario.ts';

const SIZES = { full: { count: 2_000, flips: 25 }, short: { count: 60, flips: 2 } } as const;
/** What SQLite makes of a file by itself. */
const PAGE = 4_096;
/** The first byte of a page that holds rows of a table. */
const TABLE_LEAF = 13;

export const flippedBits: Scenario = {
  name: 'flipped-bits',
  title:
    'bits of stored alerts, of journals, of a page and of the log flip, the file is cut: what is damaged is set aside',
  async run(run) {
    const { count, flips } = SIZES[run.size];
    const shop = await startShop(run, {
      talon: { config: 'deduplication: { time_window_seconds: 0 }\nwatch_rules: false\nshutdown_grace_period: 2\n' },
    });
    const { talon } = shop;
    const file = join(talon.directory, 'state', 'queue.sqlite');

    await store(shop, count);
    const bytes = await readFile(file);
    const journals = journalsIn(file).slice(0, flips);
    for (const { text } of journals) flipEach(bytes, text, 10);
    const hit = new Set(journals.map(({ n }) => n));
    for (let n = count - 1; hit.size < 2 * flips; n -= Math.floor(count / flips / 4)) {
      if (hit.has(n)) continue;
      flipEach(bytes, `"pod-${n}"`, 2);
      hit.add(n);
    }
    await writeFile(file, bytes);
    await talon.start();
    await talon.drained();
    const metrics = await talon.metrics();
    const damaged = metrics.value('queue_damaged_messages_total');
    run.say(
      `a bit flipped in ${flips} of ${count} stored alerts and ${journals.length} journals: ${damaged} set aside as damaged`,
    );
    run.expect(
      'each flipped alert and journal is set aside and counted',
      journals.length === flips && damaged === 2 * flips && metrics.queue().dead === 2 * flips,
    );
    expectEffects(run, shop, hit);

    await store(shop, count);
    const pages = await readFile(file);
    const start = Math.floor(pages.indexOf(`"pod-${count + Math.floor(count / 2)}"`) / PAGE) * PAGE;
    run.expect('the page holds rows', pages.readUInt8(start) === TABLE_LEAF);
    const onPage = new Set(
      Array.from(pages.toString('latin1', start, start + PAGE).matchAll(/"pod-(\d+)"/g), ([, n]) => Number(n)),
    );
    flipAt(pages, start);
    await writeFile(file, pages);
    await talon.start();
    await talon.drained();
    const kept = await damagedStores(shop);
    run.say(`a bit of a page flipped: the ${onPage.size} alerts on it are lost, the file is kept aside`);
    run.expect('a page that cannot be read costs the alerts on it', kept === 1 && onPage.size < 10);
    const broken = new Set([...hit, ...onPage]);
    expectEffects(run, shop, broken);
    const all = await account({ sent: shop.sent, lines: talon.lines(), isDamaged: ({ n }) => broken.has(n) });
    sayAccount(run, all);
    run.expect('what was broken is all that was not done', all.done === all.accepted - broken.size);

    await talon.stop();
    await truncate(file, 5_000);
    await talon.start();
    run.expect('with a file that was cut it starts, and the file is kept', (await damagedStores(shop)) === 2);
    const after = shop.send({ perSecond: 100, count: 10 });
    await after.done;
    await talon.drained();
    run.expect(
      'and takes alerts',
      after.sent.every(({ outcome }) => outcome === 'accepted'),
    );
    await flipInLog(run, shop, `${file}-wal`);
    await talon.stop();
  },
};

/** All is done when the program ends, but the log says so behind the bit that flips. */
async function flipInLog(run: FaultRun, { fake, effects, send, talon }: Shop, log: string): Promise<void> {
  const slow = fake.fault({ kind: 'latency', ms: 300, match: { verb: 'patch' } });
  const sender = send({ perSecond: 200, count: 60 });
  await sender.done;
  await talon.drained();
  slow.release();
  await talon.kill();
  const bytes = await readFile(log);
  flipAt(bytes, bytes.indexOf(`"pod-${sender.sent[30]?.n}"`));
  await writeFile(log, bytes);
  const repeated = effects.idle();
  await talon.start();
  await talon.drained();
  const metrics = await talon.metrics();
  const waited = metrics.value('queue_damaged_messages_total');
  run.say(`a bit of the log flipped: ${waited} alerts that waited at that place are set aside`);
  run.expect('it is found', metrics.value('queue_damaged_stores_total') === 1 && waited > 0);
  await send({ perSecond: 100, count: 5 }).done;
  await talon.drained();
  await talon.kill();
  await talon.start();
  await talon.drained();
  run.expect('and nothing is done twice', effects.idle() === repeated && effects.twice().length === 0);
  run.expect('it is found once', (await talon.metrics()).value('queue_damaged_stores_total') === 0);
}

/** Alerts, of which nothing is done yet, in the file of a program that stopped in order: nothing is in the log. */
async function store({ fake, send, talon }: Shop, count: number): Promise<void> {
  const silence = fake.fault({ kind: 'hang', match: { verb: 'patch' } });
  await send({ perSecond: 500, count }).done;
  await talon.stop();
  silence.release();
}

/** Wherever the text stands: pages that were split hold what they gave away, too. */
function flipEach(bytes: Buffer, text: string, offset: number): void {
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) flipAt(bytes, at + offset);
}

function flipAt(bytes: Buffer, place: number): void {
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
}

/** What stands in the file of the plan of an alert that was being worked on, and which one it is. */
function journalsIn(file: string): { readonly n: number; readonly text: string }[] {
  const db = new DatabaseSync(file, { readOnly: true });
  const rows = db
    .prepare("SELECT data, body FROM journal JOIN messages USING (seq) WHERE journal.kind = 'plan' ORDER BY seq")
    .all();
  db.close();
  return rows.map(({ data, body }) => ({
    n: Number(/"pod-(\d+)"/.exec(Buffer.from(body as Uint8Array).toString())?.[1]),
    text: String(data),
  }));
}

function expectEffects(run: FaultRun, { sent, effects }: Shop, without: ReadonlySet<number>): void {
  const changed = effects.changed();
  run.expect(
    'all others had their effect, the damaged ones none',
    sent.every(({ n }) => changed.has(`pod-${n}`) !== without.has(n)),
  );
}

/** Files kept aside, when the metric says that one was at this start. */
async function damagedStores({ talon }: Shop): Promise<number> {
  const names = await readdir(join(talon.directory, 'state'));
  const counted = (await talon.metrics()).value('queue_damaged_stores_total') === 1;
  return counted ? names.filter((name) => /\.corrupt-[^-]+-[^-]+-[^-]+(-[^-]+)*Z$/.test(name)).length : NaN;
}
