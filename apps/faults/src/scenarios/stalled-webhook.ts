import { percentile } from '@falco-talon/testkit/server';
import {
  FALCO_RULE,
  startListener,
  startShop,
  startTcpProxy,
  until,
  watchRequests,
  type Sender,
} from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

const RULES = `
- rule: Label
  match: { rules: [${FALCO_RULE}] }
  notifiers: [webhook]
  actions: [{ action: label, actionner: kubernetes:label, parameters: { labels: { analysis/status: suspicious } } }]
`;
const RATE = 20;

export const stalledWebhook: Scenario = {
  name: 'stalled-webhook',
  title: 'the connection to a webhook stalls in the middle of a request, then it is cut and comes back',
  async run(run) {
    const full = run.size === 'full';
    const listener = await startListener(run);
    const proxy = await startTcpProxy(run, { port: Number(new URL(listener.url).port) });
    const url = listener.url.replace(/:\d+/, `:${proxy.port}`);
    const shop = await startShop(run, {
      talon: { rules: RULES, environment: { FALCO_TALON_NOTIFIERS_WEBHOOK_URL: url } },
    });
    const times = watchRequests(shop.fake);
    const delays = ({ sent }: Sender) =>
      sent.map(({ n, at }) => (times.byObject.get(`pod-${n}`)?.[0]?.at ?? Infinity) - at);
    const load = { perSecond: RATE, count: RATE * (full ? 30 : 1) };
    const before = shop.send(load);
    await before.done;
    await listener.until(() => listener.records.length >= load.count);

    proxy.hang();
    const during = shop.send(load);
    await during.done;
    await until(
      () => delays(during).every(Number.isFinite),
      AbortSignal.any([run.signal, AbortSignal.timeout(10_000)]),
    );
    const told = listener.records.length;
    await proxy.cut();
    await proxy.pass();
    await shop.settle(120_000);

    const [alone = NaN, beside = NaN] = [before, during].map((sender) => percentile(delays(sender), 0.99));
    run.say(`p99 from alert to action: ${alone.toFixed(1)} ms, ${beside.toFixed(1)} ms while the webhook stalls`);
    run.say(`told ${listener.records.length} of ${2 * load.count}, ${told} before it came back`);
    run.expect('the actions go on', delays(during).every(Number.isFinite));
    run.expect('nobody was told while it stalled', told === load.count);
    run.expect('the others are told once it is back', listener.records.length >= 2 * load.count);
    if (full) run.expect('p99 of the actions under 2×', beside < 2 * alone);
  },
};
