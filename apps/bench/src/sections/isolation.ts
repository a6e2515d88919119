import { LABEL_RULES, startCluster, startTalon, watchRequests } from '@falco-talon/faults/harness';
import { alertText } from '@falco-talon/testkit/server';
import { p99OfActions, pods, post } from '../load.ts';
import type { Section } from '../measurement.ts';

const HELD = 5_000;
const RATE = 100;
/** Alerts that wait behind the call that is held. */
const WAITING = 10;
/** Pods that get an alert each while it is held. */
const COUNT = (RATE * HELD) / 1000;

/** 500 pods get an alert each while the call about another one is held for 5 s: it must not delay theirs. */
export const isolation: Section = {
  name: 'isolation',
  async run(run) {
    const shop = await startCluster(run, { objects: pods(COUNT * 3 + 1) });
    const requests = watchRequests(shop);
    const held = `pod-${COUNT * 3}`;
    const gate = shop.fault({ kind: 'hold', match: { name: held } });
    const { url } = await startTalon(run, { rules: LABEL_RULES, kubeconfig: shop.kubeconfig() });
    const p99 = (first: number) => p99OfActions(run, url, requests, { perSecond: RATE, first, count: COUNT });
    await p99(0);
    const without = await p99(COUNT);
    const body = (n: number) => alertText('Terminal shell in container', held, n);
    await post(run, url, { perSecond: RATE, count: WAITING, body });
    await shop.waitForRequest(({ name }) => name === held);
    const beside = await p99(COUNT * 2);
    gate.release();
    return [
      { name: '500 pods, p99 alone', value: without, unit: 'ms' },
      { name: '500 pods, p99 while the call about another one is held', value: beside, unit: 'ms' },
      { name: 'with against without', value: beside / without, unit: '×', limit: { kind: 'atMost', value: 2 } },
    ];
  },
};
