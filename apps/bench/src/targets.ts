import { setTimeout as delay } from 'node:timers/promises';
import { alertText, percentile } from '@falco-talon/testkit/server';
import { pace } from './load.ts';

import type { Arrivals } from './shop.ts';

/** Alerts about `pod-<first>` and those after it, at a steady rate; the p99 until each action arrives at the API server. */
export async function p99OfActions(
  url: string,
  arrivals: Arrivals,
  { first, count, rate }: { readonly first: number; readonly count: number; readonly rate: number },
): Promise<number> {
  const sent: number[] = [];
  await pace(url, rate, count, (n) => {
    sent[n] = performance.now();
    return alertText('Terminal shell in container', `pod-${first + n}`, first + n);
  });
  const arrivedAt = (n: number) => arrivals.first.get(`pod-${first + n}`);
  while (sent.some((_, n) => arrivedAt(n) === undefined)) await delay(20);
  return percentile(
    sent.map((at, n) => arrivedAt(n)! - at),
    0.99,
  );
}
