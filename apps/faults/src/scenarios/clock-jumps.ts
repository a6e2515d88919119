import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { pod } from '@falco-talon/fake-kubernetes';
import { alertText } from '@falco-talon/testkit/server';
import { account, FALCO_RULE, startSender, startShop, until, type Sent } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

const HOUR = 3_600_000;
/** Milliseconds by which the clock is set, one after the other. */
const JUMPS = { full: [HOUR, -HOUR, -24 * HOUR, 25 * HOUR], short: [HOUR, -26 * HOUR] } as const;

/** What a clock that is 5 % slow loses of each millisecond. */
const SLOW = -0.05;

/**
 * Loaded into the process before anything else: its clock is off by what a file says, and by a share of its life. Only the clock of JavaScript moves, not
 * the machine's; timers of Node are monotonic and do not know either.
 */
const CLOCK = `
import { readFileSync } from 'node:fs';
const file = new URL('clock-offset', import.meta.url);
const RealDate = Date;
let [offset, drift] = [0, 0];
let readAt = -Infinity;
const now = () => {
  if (performance.now() - readAt > 20) {
    readAt = performance.now();
    try { [offset = 0, drift = 0] = readFileSync(file, 'utf8').split(' ').map(Number); } catch {}
  }
  return Math.floor(RealDate.now() + offset + drift * performance.now());
};
globalThis.Date = class extends RealDate {
  constructor(...args) { super(...(args.length === 0 ? [now()] : args)); }
  static now() { return now(); }
};
`;

/** Milliseconds in which an equal alert is a duplicate. */
const WINDOW = 1_000;

export const clockJumps: Scenario = {
  name: 'clock-jumps',
  title: "the process's clock is set an hour forward, an hour back, a day back, and forward again; then it is 5 % slow",
  async run(run) {
    const full = run.size === 'full';
    const jumps = JUMPS[run.size];
    const home = join(run.directory, 'talon');
    const { talon, fake, send, settle } = await startShop(run, {
      talon: {
        config: `deduplication: { time_window_seconds: ${WINDOW / 1000} }\nwatch_rules: false\n`,
        files: { 'clock.mjs': CLOCK, 'clock-offset': '0 0' },
        nodeFlags: ['--import', pathToFileURL(join(home, 'clock.mjs')).href],
      },
    });
    fake.create(pod({ name: 'twin', namespace: 'shop' }));
    const steady = send({ perSecond: full ? 100 : 20 });
    const twins: (readonly Sent[])[] = [];
    /** The same alert twice, and once more when it is no duplicate any more. */
    async function sendTwins(): Promise<void> {
      const body = () => alertText(FALCO_RULE, 'twin', 0);
      const pair = startSender(run, talon.url, { perSecond: 1_000, count: 2, connections: 1, body });
      await pair.done;
      await delay(WINDOW + 200);
      const late = startSender(run, talon.url, { perSecond: 1, count: 1, body });
      await late.done;
      twins.push([...pair.sent, ...late.sent]);
    }

    function accountOf(three: readonly Sent[]) {
      const [first] = three;
      const sent = three.map((one) => (one === first ? one : { ...one, copyOf: first?.traceId ?? '' }));
      return account({ sent, lines: talon.lines() });
    }

    await sendTwins();
    let offset = 0;
    for (const jump of jumps) {
      // What waits for its next attempt waits over the jump.
      const outage = fake.fault({ kind: 'status', status: 500, match: ({ name }) => name.startsWith('pod-') });
      await delay(300);
      offset += jump;
      await writeFile(join(home, 'clock-offset'), `${offset} 0`);
      await delay(full ? 5_000 : 300);
      outage.release();
      await sendTwins();
      await delay(full ? 5_000 : 0);
    }
    await writeFile(join(home, 'clock-offset'), `${offset} ${SLOW}`);
    await delay(full ? 5_000 : 100);
    await sendTwins();
    await delay(full ? 20_000 : 0);
    // What its log has not said yet is lost with the process.
    await until(
      async () => {
        const { done, deduplicated } = await accountOf(twins.at(-1)!);
        return done + deduplicated === 3;
      },
      run.signal,
      100,
    );
    await talon.kill();
    await talon.start();
    await sendTwins();
    await steady.stop();
    const startedAt = performance.now();
    await settle();
    run.say(`nothing queued ${((performance.now() - startedAt) / 1000).toFixed(1)} s after the last alert`);

    for (const [n, three] of twins.entries()) {
      const { done, deduplicated } = await accountOf(three);
      const when =
        ['before', ...jumps.map((_, jump) => `after jump ${jump + 1}`), 'with a slow clock', 'and after a restart'][
          n
        ] ?? '';
      run.say(`${when}: of three equal alerts ${done} were acted on, ${deduplicated} left out`);
      run.expect(
        `${when}: an equal alert is left out for ${WINDOW / 1000} s, not longer`,
        done === 2 && deduplicated === 1,
      );
    }
    const days = new Set<string>();
    for await (const { time } of talon.lines()) days.add(time.slice(0, 10));
    run.expect('the log shows the skew', days.size > 1);
  },
};
