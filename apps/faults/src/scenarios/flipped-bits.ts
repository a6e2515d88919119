import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { account, sayAccount, startShop } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

export const flippedBits: Scenario = {
  name: 'flipped-bits',
  title: 'bits of stored alerts flip, then the file is cut: what is damaged is set aside, the rest goes on',
  async run(run) {
    const count = run.size === 'full' ? 2_000 : 60;
    const flips = run.size === 'full' ? 50 : 3;
    const shop = await startShop(run, {
      talon: { config: 'deduplication: { time_window_seconds: 0 }\nwatch_rules: false\nshutdown_grace_period: 3\n' },
    });
    const { talon, fake } = shop;
    const file = join(talon.directory, 'state', 'queue.sqlite');
    // Nothing is labelled before the bits have flipped.
    const silence = fake.fault({ kind: 'hang', match: { verb: 'patch' } });
    await shop.send({ perSecond: 500, count }).done;
    // In order, so that all is in the file and nothing in the log.
    await talon.stop();
    const bytes = await readFile(file);
    const hit = new Set<number>();
    for (let n = count - 1; hit.size < flips; n -= Math.floor(count / flips / 2)) {
      const place = bytes.indexOf(`"pod-${n}"`);
      if (place < 0) continue;
      bytes.writeUInt8(bytes.readUInt8(place + 2) ^ 1, place + 2);
      hit.add(n);
    }
    await writeFile(file, bytes);
    silence.release();
    await talon.start();
    await talon.drained();
    const metrics = await talon.metrics();
    const damaged = metrics.value('queue_damaged_messages_total');
    run.say(`${flips} bits flipped in ${count} stored alerts: ${damaged} set aside as damaged`);
    run.expect('each flipped alert is set aside and counted', damaged === flips && metrics.queue().dead === flips);
    const changed = shop.effects.changed();
    run.expect(
      'all others had their effect, the damaged ones none',
      shop.sent.every(({ n }) => changed.has(`pod-${n}`) !== hit.has(n)),
    );
    sayAccount(run, await account({ sent: shop.sent, lines: talon.lines(), queued: damaged }));

    await talon.stop();
    await truncate(file, 5_000);
    await talon.start();
    const stores = (await talon.metrics()).value('queue_damaged_stores_total');
    const aside = (await readdir(join(talon.directory, 'state'))).filter((name) => name.includes('.corrupt-'));
    run.expect('with a file that was cut it starts, and the file is kept', stores === 1 && aside.length > 0);
    const after = shop.send({ perSecond: 100, count: 10 });
    await after.done;
    await talon.drained();
    run.expect(
      'and takes alerts',
      after.sent.every(({ outcome }) => outcome === 'accepted'),
    );
    await talon.stop();
  },
};
