import { setTimeout as delay } from 'node:timers/promises';
import { startShop, watchRequests } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Milliseconds between two attempts at most, and what calls may take beside it. */
const CAP = 30_000;
const TOLERANCE = 2_000;
/**
 * Milliseconds the failure lasts, and calls about one object on average: waits up to 200 ms, doubled each time, give 5 and 12.
 * Waits that do not grow give dozens, and hundreds.
 */
const SIZES = { full: { lasts: 60_000, count: 100, most: 16 }, short: { lasts: 1_500, count: 12, most: 8 } } as const;
/** How much longer the last wait is than the first one, on average: far more, but for a machine that is slow with both. */
const GROWTH = 2;

export const failingApi: Scenario = {
  name: 'failing-api',
  title: 'the API server answers 500 and 503 to every call, then 500 to half of them',
  async run(run) {
    const { lasts, count, most } = SIZES[run.size];
    const { talon, fake, send, settle } = await startShop(run);
    const times = watchRequests(fake);
    const match = (request: { readonly resource: string }) => request.resource === 'pods';
    const ends = [500, 503].map((status, n) =>
      fake.fault({
        kind: 'status',
        status,
        match: (request) => match(request) && request.id % 2 === n,
      }),
    );
    const from = performance.now();
    await send({ perSecond: 100, count }).done;
    await delay(lasts);
    for (const end of ends) end.release();
    const recovered = performance.now();
    await talon.drained(60_000);
    const took = performance.now() - recovered;

    const gaps = times.gaps(from, recovered);
    const longest = gaps.reduce((most, gap) => Math.max(most, gap), 0);
    const perObject = (gaps.length + count) / count;
    // Objects that are tried again at the same moment would come at the same distance from their first call.
    const spread = new Set(
      Array.from(times.byObject.values(), (arrivals) => Math.round((arrivals[2]?.at ?? 0) - (arrivals[0]?.at ?? 0))),
    );
    run.say(`${perObject.toFixed(1)} calls per object in the failure, up to ${(longest / 1000).toFixed(1)} s apart`);
    run.say(`all done ${(took / 1000).toFixed(1)} s after the recovery`);
    const waits = Array.from(times.byObject.values(), (arrivals) =>
      arrivals.slice(1).map(({ at }, n) => at - (arrivals[n]?.at ?? at)),
    );
    const [first, last] = [0, -1].map((n) => mean(waits.map((all) => all.at(n) ?? 0))) as [number, number];
    run.say(`the first wait of an object takes ${first.toFixed(0)} ms, the last one ${last.toFixed(0)} ms on average`);
    run.expect('it was tried again', gaps.length >= count);
    run.expect(`at most ${most} calls per object`, perObject <= most);
    run.expect('attempts are further and further apart', last > GROWTH * first);
    run.expect('attempts are at most 30 s apart', longest <= CAP + TOLERANCE);
    run.expect('objects are not tried again in step', spread.size > count / 3);
    run.expect('all done after the recovery', took <= CAP + TOLERANCE);

    const half = fake.fault({
      kind: 'status',
      status: 500,
      match: (request) => match(request) && Math.random() < 0.5,
    });
    await send({ perSecond: 50, count: run.size === 'full' ? 500 : 10 }).done;
    // One that fails ten times in a row waits long.
    await talon.drained(180_000);
    run.say(`500 at random: ${half.count} calls`);
    half.release();
    await settle();
  },
};

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
