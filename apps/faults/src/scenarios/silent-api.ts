import { percentile } from '@falco-talon/testkit/server';
import { firstCalls, startShop, until, watchRequests } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Milliseconds a call may take, and what the way to it may take beside. */
const DEADLINE = 10_000;
const TOLERANCE = 1_000;
/** Milliseconds, after the last alert, within which every other pod must have been acted on. */
const SOON = 5_000;
const RATE = 20;
/** One without and one with a silent call, in turn: a single p99 is that of a handful of alerts. */
const ROUNDS = 3;

export const silentApi: Scenario = {
  name: 'silent-api',
  title: 'the API server accepts calls about one pod and never answers them',
  async run(run) {
    const full = run.size === 'full';
    const { talon, fake, send, settle } = await startShop(run);
    const times = watchRequests(fake);
    const load = { perSecond: RATE, count: RATE * (full ? 15 : 2) };
    const alone: number[] = [];
    const beside: number[] = [];
    const p99 = (all: readonly number[]) => percentile(all, 0.99);
    for (let round = 0; round < (full ? ROUNDS : 1); round++) {
      if (full) alone.push(p99(await firstCalls(times, send(load), run.signal)));
      await talon.drained();
      const silence = fake.fault({ kind: 'hang', match: { name: 'held' } });
      const from = performance.now();
      await send({ perSecond: 10, count: 10 }, 'held').done;
      const others = await firstCalls(times, send(load), run.signal, SOON);
      beside.push(p99(others));
      run.expect('every other target was acted on meanwhile', others.every(Number.isFinite));
      // The second call shows that the first one was given up.
      const held = () => (times.byObject.get('held') ?? []).filter(({ at }) => at >= from);
      await until(() => held().length > 1, run.signal);
      const [first, second] = held();
      const deadline = (second?.at ?? Infinity) - (first?.at ?? 0);
      silence.release();
      // The second call is as silent as the first: its deadline need not be waited for as well.
      fake.closeConnections();
      run.say(`a call without an answer was given up and made again after ${(deadline / 1000).toFixed(1)} s`);
      run.expect('the deadline of a call is 10 s', deadline <= DEADLINE + TOLERANCE);
      await talon.drained();
    }
    if (full) {
      const [before = 0, during = Infinity] = [alone, beside].map((all) => percentile(all, 0.5));
      run.say(
        `p99 from alert to call, other targets, median of ${ROUNDS}: ${before.toFixed(1)} ms alone, ${during.toFixed(1)} ms beside it`,
      );
      run.expect('p99 of other targets under 2×', during < 2 * before);
    }
    await settle();
  },
};
