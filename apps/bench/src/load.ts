import { firstCalls, startSender, type Load, type RequestTimes, type Sender } from '@falco-talon/faults/harness';
import { pod } from '@falco-talon/fake-kubernetes';
import { alertText, percentile } from '@falco-talon/testkit/server';
import type { Surroundings } from './measurement.ts';

export interface Answers {
  readonly seconds: number;
  /** Milliseconds from the moment each alert was due to its answer. */
  readonly latencies: readonly number[];
  readonly accepted: number;
}

/** Posts `count` alerts; resolves when all are answered. @throws the signal's reason when it is aborted first */
export async function post(run: Surroundings, url: string, load: Load & { readonly count: number }): Promise<Answers> {
  const startedAt = performance.now();
  const { sent } = await ended(run, startSender(run, url, load));
  return {
    seconds: (performance.now() - startedAt) / 1000,
    latencies: sent.map(({ at, due, took }) => at - due + took),
    accepted: sent.filter(({ outcome }) => outcome === 'accepted').length,
  };
}

async function ended(run: Surroundings, sender: Sender): Promise<Sender> {
  await sender.done;
  run.signal.throwIfAborted();
  return sender;
}

/** Pods `pod-0`, `pod-1`, … in the namespace `shop`. */
export function pods(count: number) {
  return Array.from({ length: count }, (_, n) => pod({ name: `pod-${n}`, namespace: 'shop' }));
}

/**
 * Alerts about `pod-<first>` and those after it, at a steady rate: the milliseconds until each action arrives at the API server.
 * @throws Error when one was not accepted, or not acted on
 */
export async function delaysOfActions(
  run: Surroundings,
  url: string,
  requests: RequestTimes,
  load: Pick<Load, 'perSecond' | 'first'> & { readonly count: number },
): Promise<readonly number[]> {
  const body = (n: number) => alertText('Terminal shell in container', `pod-${n}`, n);
  const sender = await ended(run, startSender(run, url, { ...load, body }));
  const delays = await firstCalls(requests, sender, run.signal);
  const missing = load.count - delays.filter(Number.isFinite).length;
  if (missing > 0) throw new Error(`${missing} of ${load.count} alerts were not accepted, or not acted on`);
  return delays;
}

export async function p99OfActions(...load: Parameters<typeof delaysOfActions>): Promise<number> {
  return percentile(await delaysOfActions(...load), 0.99);
}
