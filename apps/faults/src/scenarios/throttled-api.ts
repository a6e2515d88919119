import { setTimeout as delay } from 'node:timers/promises';
import { startShop, watchRequests } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Seconds the server asks for, and for how many it does. */
const SIZES = { full: { retryAfter: 2, seconds: 60 }, short: { retryAfter: 1, seconds: 2.5 } } as const;
const CONCURRENCY = 8;
/** Milliseconds a clock of another process may be off by, and a timer early. */
const TOLERANCE = 20;

export const throttledApi: Scenario = {
  name: 'throttled-api',
  title: 'the API server answers 429 with Retry-After to every call',
  async run(run) {
    const { retryAfter, seconds } = SIZES[run.size];
    const { talon, fake, send, settle } = await startShop(run, {
      talon: { environment: { FALCO_TALON_LIMITS_CONCURRENCY: String(CONCURRENCY) } },
    });
    const times = watchRequests(fake);
    // Long enough that calls would pile up.
    fake.fault({ kind: 'latency', ms: 100, match: { resource: 'pods' } });
    const throttle = fake.fault({ kind: 'status', status: 429, retryAfter, match: { resource: 'pods' } });
    const from = performance.now();
    await send({ perSecond: 100, count: run.size === 'full' ? 100 : 16 }).done;
    await delay(seconds * 1000);
    const calls = throttle.count;
    throttle.release();
    const recovered = performance.now();
    await talon.drained(60_000);
    const took = performance.now() - recovered;

    const gaps = times.gaps(from, recovered);
    const shortest = gaps.reduce((least, gap) => Math.min(least, gap), Infinity);
    run.say(
      `calls refused ${calls}; the next about the same object came after ${shortest.toFixed(0)} ms at the earliest`,
    );
    run.say(`calls at a time ${times.mostInFlight} at most; all done ${(took / 1000).toFixed(1)} s after the recovery`);
    const refused = [...times.byObject.values()].filter(
      ([first]) => first !== undefined && first.at < recovered - TOLERANCE,
    );
    run.expect(
      'every object was tried again',
      refused.every((arrivals) => arrivals.length > 1),
    );
    run.expect('calls about several objects are made at a time', times.mostInFlight > 1);
    run.expect(`at most one call about an object in ${retryAfter} s`, shortest >= retryAfter * 1000 - TOLERANCE);
    run.expect(`never more than ${CONCURRENCY} calls at a time`, times.mostInFlight <= CONCURRENCY);
    run.expect('all done within 30 s of the recovery', took <= 30_000);
    await settle();
  },
};
