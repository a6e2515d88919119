import { percentile } from '@falco-talon/testkit/server';
import { firstCalls, startShop, until, watchRequests } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Milliseconds a call may take, and what the way to it may take beside. */
const DEADLINE = 10_000;
const TOLERANCE = 1_000;
/** Milliseconds, after the last alert, within which every other pod must have been acted on. */
const SOON = 5_000;
const RATE = 20;

export const silentApi: Scenario = {
  name: 'silent-api',
  title: 'the API server accepts calls about one pod and never answers them',
  async run(run) {
    const full = run.size === 'full';
    const { talon, fake, send, settle } = await startShop(run);
    const times = watchRequests(fake);
    const load = { perSecond: RATE, count: RATE * (full ? 30 : 2) };
    const alone = full ? await firstCalls(times, send(load), run.signal) : undefined;
    await talon.drained();

    const silence = fake.fault({ kind: 'hang', match: { name: 'held' } });
    await send({ perSecond: 10, count: 10 }, 'held').done;
    const beside = await firstCalls(times, send(load), run.signal, SOON);
    // The second call shows that the first one was given up.
    await until(() => (times.byObject.get('held')?.length ?? 0) > 1, run.signal);
    const [first, second] = times.byObject.get('held') ?? [];
    const deadline = (second?.at ?? Infinity) - (first?.at ?? 0);
    silence.release();
    // The second call is as silent as the first: in the short version its deadline need not be waited for as well.
    if (!full) fake.closeConnections();

    run.say(`a call without an answer was given up and made again after ${(deadline / 1000).toFixed(1)} s`);
    run.expect('the deadline of a call is 10 s', deadline <= DEADLINE + TOLERANCE);
    run.expect('every other target was acted on meanwhile', beside.every(Number.isFinite));
    if (alone) {
      const [before, during] = [alone, beside].map((all) => percentile(all, 0.99));
      run.say(
        `p99 from alert to call, other targets: ${before?.toFixed(1)} ms alone, ${during?.toFixed(1)} ms beside it`,
      );
      run.expect('p99 of other targets under 2×', (during ?? Infinity) < 2 * (before ?? 0));
    }
    await settle();
  },
};
