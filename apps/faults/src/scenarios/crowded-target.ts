import { percentile } from '@falco-talon/testkit/server';
import { startShop, watchRequests } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

export const crowdedTarget: Scenario = {
  name: 'crowded-target',
  title: 'one pod gets a thousand alerts while a thousand pods get one each',
  async run(run) {
    const full = run.size === 'full';
    const crowd = full ? 1_000 : 100;
    const { fake, send, settle } = await startShop(run);
    const requests = watchRequests(fake);
    fake.fault({ kind: 'latency', ms: 5, match: { resource: 'pods' } });
    /** p99 of the milliseconds from an alert to the first call about its pod. */
    async function others(): Promise<number> {
      const sender = send({ perSecond: 200, count: crowd });
      await sender.done;
      while (sender.sent.some(({ n }) => !requests.byObject.has(`pod-${n}`))) {
        run.signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return percentile(
        sender.sent.map(({ n, at }) => requests.byObject.get(`pod-${n}`)![0]!.at - at),
        0.99,
      );
    }
    await others();
    const alone = await others();
    const crowded = send({ perSecond: 10_000, count: crowd, connections: 10 }, 'crowded');
    const beside = await others();
    await crowded.done;
    run.say(
      `p99 of the others: ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside ${crowd} alerts about one pod`,
    );
    if (full) run.expect('the others take less than twice as long', beside < 2 * alone + 1);
    await settle();
    const of = requests.byObject.get('crowded') ?? [];
    const overlaps = of.filter(({ request, at }, n) => request.verb === 'patch' && n > 0 && at < (of[n - 1]?.at ?? 0));
    run.expect('the crowded pod was acted on in order, one at a time', of.length > 0 && overlaps.length === 0);
  },
};
