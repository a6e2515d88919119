import { percentile } from '@falco-talon/testkit/server';
import {
  account,
  firstCalls,
  LABEL_RULES,
  sayAccount,
  startListener,
  startShop,
  watchRequests,
} from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Alerts a second; well below what makes the processor itself the reason. */
const RATE = 100;

export const deadNotifier: Scenario = {
  name: 'dead-notifier',
  title: 'the receiver of notifications takes every call and never answers',
  async run(run) {
    const full = run.size === 'full';
    const count = full ? 3_000 : 50;
    const listener = await startListener(run);
    const shop = await startShop(run, {
      talon: {
        rules: `${LABEL_RULES}  notifiers: [webhook]\n`,
        // What nobody can be told is given up when it is over.
        ...(!full && {
          config: 'deduplication: { time_window_seconds: 0 }\nwatch_rules: false\nshutdown_grace_period: 3\n',
        }),
        environment: { FALCO_TALON_NOTIFIERS_WEBHOOK_URL: listener.url },
      },
    });
    const { talon, fake, send } = shop;
    const requests = watchRequests(fake);
    const latencies = async () => firstCalls(requests, send({ perSecond: RATE, count }), run.signal);
    await latencies();
    const before = await latencies();
    listener.hold();
    const answered = listener.calls;
    const beside = await latencies();
    const calls = listener.calls - answered;
    const [p99, p99Beside] = [percentile(before, 0.99), percentile(beside, 0.99)];
    run.expect('every action went on', beside.every(Number.isFinite));
    run.say(`p99 of the first call: ${p99.toFixed(1)} ms with a receiver, ${p99Beside.toFixed(1)} ms without`);
    run.say(`calls without an answer ${calls}, for ${count} records`);
    run.expect('the receiver is asked by a few calls at a time', calls <= (full ? 40 : 4));
    if (full) run.expect('the way to the action is not slower by 5 % and a millisecond', p99Beside <= p99 * 1.05 + 1);
    // What nobody was told of is told after a restart: the alerts are not over, their actions are.
    await talon.stop();
    sayAccount(run, await account({ sent: shop.sent, lines: talon.lines() }));
  },
};
