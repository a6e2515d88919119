import { acceptedSince, startShop } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Alerts that wait, and what else the queue takes. */
const SIZES = {
  full: { backlog: 50_000, room: 1_000, restarts: 3 },
  short: { backlog: 200, room: 100, restarts: 1 },
} as const;
/** Milliseconds from the start of its process after which it must be ready, and have accepted an alert. */
const READY = 3_000;

export const restartWithBacklog: Scenario = {
  name: 'restart-with-backlog',
  title: 'the program is killed while its queue is nearly full of alerts about a pod that cannot be acted on',
  async run(run) {
    const full = run.size === 'full';
    const { backlog, room, restarts } = SIZES[run.size];
    const { talon, fake, send, settle } = await startShop(run, {
      talon: {
        config: JSON.stringify({
          deduplication: { time_window_seconds: 0 },
          watch_rules: false,
          queue: { sqlite: { max_messages: backlog + room } },
        }),
      },
      fake: { journalLimit: 100 },
    });
    const gate = fake.fault({ kind: 'hold', match: { name: 'held' } });
    const waiting = send({ perSecond: 10_000, count: backlog }, 'held');
    await waiting.done;
    run.expect(
      `${backlog} alerts wait`,
      waiting.sent.every(({ outcome }) => outcome === 'accepted'),
    );
    const others = send({ perSecond: 50, connections: 5 });
    const accepted: number[] = [];
    for (let n = 0; n < restarts; n++) {
      await talon.kill();
      await talon.start();
      accepted.push((await acceptedSince(others, talon.startedAt, run.signal)) - talon.startedAt);
    }
    await others.stop();
    const slowest = [talon.starts.slice(1), accepted].map((times) => Math.max(...times));
    run.say(
      `${restarts} × kill -9; ready again after ${slowest[0]?.toFixed(0)} ms, the first 202 after ${slowest[1]?.toFixed(0)} ms at most; the first start took ${talon.starts[0]?.toFixed(0)} ms`,
    );
    if (full) run.expect(`ready again in under ${READY / 1000} s each time`, Math.max(...slowest) < READY);
    gate.release();
    await settle(600_000);
  },
};
