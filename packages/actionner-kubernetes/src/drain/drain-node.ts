import { PODS, type Kubernetes } from '@falco-talon/client-kubernetes';
import type { Pod } from '../pod/pod.ts';
import { unseenOf } from '../terminate/unseen-terminations.ts';
import { evictPod } from './evict-pod.ts';
import type { Fate, PodFate } from './fates.ts';
import { watchGone, type GoneWatch } from './gone-watch.ts';
import { inTurn } from './in-turn.ts';
import { waitSeconds, type Parameters } from './parameters.ts';
import { podText, sortPods, type Candidate, type SortInput } from './sort-pods.ts';

/** Evictions at a time: enough for a full node in seconds, and no flood for its API server. */
const AT_A_TIME = 4;

export interface DrainInput extends Pick<SortInput, 'signal' | 'now' | 'whyProtected'> {
  readonly node: string;
  readonly parameters: Parameters;
  readonly client: Kubernetes;
}

/**
 * Evicts the pods of a node that is cordoned, and waits for them as long as the rule says.
 * @throws TalonError when they cannot be listed, an owner cannot be read, or the signal aborts
 */
export async function drainNode(input: DrainInput): Promise<readonly PodFate[]> {
  const { node, parameters, client, whyProtected, signal, now } = input;
  const listed = await client.snapshot<Pod>(PODS, { fieldSelector: `spec.nodeName=${node}`, signal });
  const unseen = unseenOf(client);
  const sorted = await sortPods(listed.objects, {
    parameters,
    reads: client,
    whyProtected,
    unseen,
    signal,
    now,
  });
  const seconds = waitSeconds(parameters);
  const waitsFor = ({ metadata }: Pod): boolean =>
    seconds > 0 && !parameters.wait_period_excluded_namespaces.includes(metadata.namespace ?? '');
  const someWait = [...sorted.terminating, ...sorted.evict.map(({ pod }) => pod)].some(waitsFor);

  const time = deadline(someWait ? seconds * 1000 : 0, signal);
  const watch = someWait ? watchGone(client, node, listed, time.signal) : undefined;
  const places = inTurn(AT_A_TIME);
  const evicted = async ({ pod, tally }: Candidate): Promise<[Pod, Fate | undefined]> => {
    const fate = await evictPod(pod, {
      client,
      gracePeriodSeconds: parameters.grace_period_seconds,
      signal,
      waiting: waitsFor(pod) ? time.signal : AbortSignal.abort(),
      inTurn: places,
      isGone: (uid) => watch?.isGone(uid) ?? false,
    });
    const stays = fate?.kind === 'refused' || (fate?.kind === 'failed' && fate.code !== 'outcome_unknown');
    if (stays && tally !== undefined) unseen.remove(tally, pod.metadata.uid);
    return [pod, fate];
  };
  try {
    const told = await Promise.all(sorted.evict.map(evicted));
    const stopping = [
      ...sorted.terminating.map((pod) => ({ pod, evicted: false })),
      ...told.flatMap(([pod, fate]) => (fate === undefined ? [{ pod, evicted: true }] : [])),
    ];
    const strict = parameters.max_wait_period !== undefined;
    const ends = await ended(stopping, waitsFor, strict, watch, time.signal);
    signal.throwIfAborted();
    const fates = told.flatMap(([pod, fate]): PodFate[] => (fate === undefined ? [] : [{ pod: podText(pod), fate }]));
    return [...fates, ...ends, ...sorted.ignored];
  } finally {
    time.clear();
    await watch?.close();
  }
}

interface Stopping {
  readonly pod: Pod;
  readonly evicted: boolean;
}

/** What has become of the pods that were told to stop. `strict`: the rule says how long they may take. */
async function ended(
  stopping: readonly Stopping[],
  waitsFor: (pod: Pod) => boolean,
  strict: boolean,
  watch: GoneWatch | undefined,
  time: AbortSignal,
): Promise<readonly PodFate[]> {
  const awaited = stopping.filter(({ pod }) => waitsFor(pod)).map(({ pod }) => pod.metadata.uid);
  const lost = await watch?.until(awaited, time);
  return stopping.map(({ pod, evicted }): PodFate => {
    const named = { pod: podText(pod) };
    if (watch?.isGone(pod.metadata.uid)) return { ...named, fate: { kind: evicted ? 'evicted' : 'gone' } };
    if (lost === undefined || !waitsFor(pod)) {
      return { ...named, fate: { kind: 'terminating', waited: strict && waitsFor(pod), evicted } };
    }
    const reason = `told to stop, but whether it is gone cannot be seen: ${lost.message}`;
    return { ...named, fate: { kind: 'failed', code: lost.code, reason } };
  });
}

/** Aborts after the time, or with the outer signal. */
function deadline(milliseconds: number, outer: AbortSignal): { readonly signal: AbortSignal; clear(): void } {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), milliseconds);
  return { signal: AbortSignal.any([outer, over.signal]), clear: () => clearTimeout(timer) };
}
