import { setTimeout as pause } from 'node:timers/promises';
import { isTalonError, type Scope, type TalonError } from '@falco-talon/core';
import { kubernetesFailure, PODS, type Kubernetes, type KubernetesFailure } from '@falco-talon/client-kubernetes';
import type { Pod } from '../pod/pod.ts';
import type { Fate } from './fates.ts';

/** As kubectl: milliseconds between two tries of what a budget refuses, unless the server asks for more. */
const BUDGET_INTERVAL = 5_000;
/** Tries of what fails for another reason that may pass, and the milliseconds before the second. */
const MOST_TRIES = 5;
const FIRST_PAUSE = 200;

export interface EvictInput extends Pick<Scope, 'signal'> {
  readonly client: Pick<Kubernetes, 'evict' | 'get'>;
  readonly gracePeriodSeconds: number | undefined;
  /** Aborted when nothing is waited for any longer; from the start when nothing is. */
  readonly waiting: AbortSignal;
  /** So many evictions at a time. What only waits takes no place. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  isGone(uid: string): boolean;
}

/**
 * Asks for one pod to be evicted until the API server has said yes or no. `undefined`: it is told to stop.
 * @throws TalonError only when the signal aborts
 */
export async function evictPod(pod: Pod, input: EvictInput): Promise<Fate | undefined> {
  const { namespace = '', name, uid } = pod.metadata;
  const { client, gracePeriodSeconds, signal, waiting } = input;
  const options = { signal, uid, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }) };
  for (let failures = 0; ;) {
    if (input.isGone(uid)) return { kind: 'gone' };
    const error = await input.inTurn(() => client.evict({ namespace, name }, options)).catch(talonError);
    if (error === undefined) return undefined;
    signal.throwIfAborted();
    const said = kubernetesFailure(error);
    if (error.code === 'target_gone' || isOtherUid(error)) return { kind: 'gone' };
    // The namespace goes, and its pods with it: that is as good as an eviction.
    if (has(said, 'NamespaceTerminating')) return undefined;
    const budget = budgetOf(said);
    if (budget !== undefined) {
      const wait = Math.max(BUDGET_INTERVAL, error.retryAfter ?? 0) * (1 + Math.random() / 5);
      if (waiting.aborted || !(await waited(wait, waiting))) return budget;
      signal.throwIfAborted();
      continue;
    }
    if (!error.retryable || ++failures >= MOST_TRIES) return failed(error);
    // Without an answer it may have been evicted: a repeat is harmless, as it names the uid, but a look tells for sure.
    const seen = isLost(error) ? await input.inTurn(() => look(pod, input)) : 'there';
    if (seen !== 'there') return seen === 'gone' ? { kind: 'gone' } : undefined;
    if (!(await waited(Math.random() * FIRST_PAUSE * 2 ** failures, signal))) signal.throwIfAborted();
  }
}

async function look(pod: Pod, { client, signal }: EvictInput): Promise<'there' | 'terminating' | 'gone'> {
  const { namespace = '', name, uid } = pod.metadata;
  try {
    const { metadata } = await client.get(PODS, { namespace, name }, { signal });
    if (metadata.uid !== uid) return 'gone';
    return metadata.deletionTimestamp === undefined ? 'there' : 'terminating';
  } catch (error) {
    signal.throwIfAborted();
    return talonError(error).code === 'target_gone' ? 'gone' : 'there';
  }
}

function talonError(error: unknown): TalonError {
  if (isTalonError(error)) return error;
  throw error;
}

function failed(error: TalonError): Fate {
  return { kind: 'failed', code: error.code, reason: error.message };
}

function isLost({ code }: TalonError): boolean {
  return code === 'outcome_unknown' || code === 'timeout' || code === 'unavailable';
}

/** A refused precondition never passes; another conflict is somebody else's change of the same moment. */
function isOtherUid({ code, retryable }: TalonError): boolean {
  return code === 'conflict' && !retryable;
}

function has(failure: KubernetesFailure | undefined, reason: string): boolean {
  return failure?.causes.some((cause) => cause.reason === reason) ?? false;
}

/** `The disruption budget web-pdb needs 2 healthy pods and has 2 currently`. */
function budgetOf(failure: KubernetesFailure | undefined): Fate | undefined {
  const text = failure?.causes.find(({ reason }) => reason === 'DisruptionBudget')?.message;
  if (text === undefined) return undefined;
  const [, budget = '(unknown)', reason = text] = /^The disruption budget (\S+) (.*)$/.exec(text) ?? [];
  return { kind: 'refused', budget, reason };
}

/** False when the signal fired first. */
async function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return pause(milliseconds, true, { signal }).catch(() => false);
}
