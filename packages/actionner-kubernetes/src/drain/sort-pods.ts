import type { ReadContext, Scope, Uses } from '@falco-talon/core';
import { controllerOf, type KubernetesReads } from '@falco-talon/client-kubernetes';
import { isHealthy, isMirrorPod, type Pod } from '../pod/pod.ts';
import { MIRROR_POD, refusal, tallyReplicas, tooFewLeft, type Tally } from '../terminate/guards.ts';
import type { UnseenTerminations } from '../terminate/unseen-terminations.ts';
import type { PodFate } from './fates.ts';
import type { Parameters } from './parameters.ts';

export interface Candidate {
  readonly pod: Pod;
  /** Given when the eviction counts against min_healthy_replicas. */
  readonly tally?: Tally;
}

/** The pods of a node, by what is to be done with them. */
export interface Sorted {
  readonly evict: readonly Candidate[];
  /** Deleted already: they are only waited for. */
  readonly terminating: readonly Pod[];
  readonly ignored: readonly PodFate[];
}

export interface SortInput extends Pick<Scope, 'signal' | 'now'>, Pick<ReadContext<unknown, Uses>, 'whyProtected'> {
  readonly parameters: Pick<Parameters, 'ignore_daemonsets' | 'ignore_statefulsets' | 'min_healthy_replicas'>;
  readonly reads: Pick<KubernetesReads, 'get'>;
  /** Terminations the owners' counts do not know of. Those decided here are added. */
  readonly unseen: UnseenTerminations;
}

/** One call for each owner when `min_healthy_replicas` is set, none otherwise. */
export async function sortPods(pods: readonly Pod[], input: SortInput): Promise<Sorted> {
  const evict: Candidate[] = [];
  const terminating: Pod[] = [];
  const ignored: PodFate[] = [];
  const tallies = new Map<string, Tally | string>();
  for (const pod of pods) {
    const reason = ignoredBecause(pod, input);
    if (reason !== undefined) ignored.push({ pod: podText(pod), fate: { kind: 'ignored', reason } });
    else if (pod.metadata.deletionTimestamp !== undefined) terminating.push(pod);
    else {
      const judged = await judgeReplicas(pod, tallies, input);
      if (typeof judged === 'string') ignored.push({ pod: podText(pod), fate: { kind: 'ignored', reason: judged } });
      else evict.push(judged);
    }
  }
  return { evict, terminating, ignored };
}

/** Why a pod is none of a drain's, whatever else is on the node. */
function ignoredBecause(
  pod: Pod,
  { parameters, whyProtected }: Pick<SortInput, 'parameters' | 'whyProtected'>,
): string | undefined {
  if (isMirrorPod(pod)) return MIRROR_POD;
  const phase = pod.status?.['phase'];
  if (phase === 'Succeeded' || phase === 'Failed') return 'it has finished';
  const { namespace = '', name } = pod.metadata;
  const kept = whyProtected({ kind: 'pod', namespace, name });
  return kept ?? refusal(pod, { ...parameters, ignore_standalone_pods: false });
}

/** The candidate, or why it stays. Pods of one owner are counted together. */
async function judgeReplicas(
  pod: Pod,
  tallies: Map<string, Tally | string>,
  { parameters, reads, unseen, signal, now }: SortInput,
): Promise<Candidate | string> {
  const minimum = parameters.min_healthy_replicas;
  if (minimum === undefined) return { pod };
  const { namespace = '', uid } = pod.metadata;
  const key = controllerOf(pod)?.uid ?? '';
  const known = tallies.get(key);
  const counted = known ?? (await tallyReplicas(pod, { namespace }, minimum, reads, { signal, now }));
  tallies.set(key, counted);
  if (typeof counted === 'string') return counted;
  // Healthy or not is the pod's own; what is left of the count is the owner's.
  const tally = { ...counted, takes: isHealthy(pod) ? 1 : 0 };
  const tooFew = tooFewLeft(tally, unseen.others(tally, uid, now()));
  if (tooFew !== undefined) return tooFew;
  if (tally.takes === 0) return { pod };
  unseen.add(tally, uid, now());
  return { pod, tally };
}

export function podText({ metadata }: Pod): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
