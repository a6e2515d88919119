import { TalonError, type ErrorCode } from '@falco-talon/core';
import type { KubernetesObject, WatchEvent } from '@falco-talon/client-kubernetes';

/** The state of one container, as the kubelet tells it. */
interface Status {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: object;
    readonly terminated?: { readonly exitCode?: number; readonly reason?: string; readonly message?: string };
  };
}

export interface CapturePod extends KubernetesObject {
  readonly status?: Readonly<Record<string, unknown>> & {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly containerStatuses?: readonly Status[];
    readonly ephemeralContainerStatuses?: readonly Status[];
  };
}

/** Statuses are found by name: their order is not that of the spec. */
export function containerStatus(pod: CapturePod, container: string): Status | undefined {
  const statuses = [...(pod.status?.ephemeralContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return statuses.find(({ name }) => name === container);
}

/**
 * The kubelet tries these again, but sooner than it succeeds somebody has to do something, or a registry has to come back.
 * The action does not: the next ones on the pod would wait for it.
 */
const HOPELESS: Readonly<Record<string, ErrorCode>> = {
  ErrImagePull: 'unavailable',
  ImagePullBackOff: 'unavailable',
  RegistryUnavailable: 'unavailable',
  ImageInspectError: 'unavailable',
  ErrImageNeverPull: 'rejected',
  InvalidImageName: 'rejected',
  CreateContainerConfigError: 'rejected',
  CreateContainerError: 'unsupported',
  RunContainerError: 'unsupported',
  StartError: 'unsupported',
  CrashLoopBackOff: 'unsupported',
};

const LONGEST_REASON = 500;
const short = (text: string | undefined): string => (text ?? '').slice(0, LONGEST_REASON).toWellFormed();

/**
 * Whether the container runs. Undefined: not yet.
 * @throws TalonError when it will not
 */
export function isRunning(pod: CapturePod, container: string, what: string): true | undefined {
  if (pod.metadata.deletionTimestamp !== undefined) throw new TalonError('target_gone', `${what} is being deleted`);
  const state = containerStatus(pod, container)?.state;
  if (state?.running) return true;
  if (state?.terminated) {
    const { exitCode, reason, message } = state.terminated;
    const hint = /apply caps/.test(message ?? '')
      ? 'the node does not grant the capabilities it needs'
      : 'its image needs /bin/sh and sleep';
    throw new TalonError(
      'unsupported',
      `${what} ended at once (${reason ?? 'no reason'}, exit code ${exitCode ?? 'unknown'}): ${short(message) || 'it said nothing'}; ${hint}`,
    );
  }
  const { reason = '', message } = state?.waiting ?? {};
  const hopeless = Object.hasOwn(HOPELESS, reason) ? HOPELESS[reason] : undefined;
  if (hopeless) throw new TalonError(hopeless, `${what} cannot be started (${reason}): ${short(message)}`);
  const { phase, reason: why, message: text } = pod.status ?? {};
  if (phase === 'Failed' || phase === 'Succeeded') {
    throw new TalonError(
      'unavailable',
      `${what} cannot be started: its pod is ${phase} (${short(why)} ${short(text)})`,
    );
  }
  return undefined;
}

export interface AwaitOptions {
  readonly container: string;
  /** What people read: `container x of pod shop/cart`. */
  readonly what: string;
  /** Milliseconds; after them the failure says what it was waiting for. */
  readonly limit: number;
  /** What may be the matter when nothing has happened by then. */
  readonly hint: string;
  readonly signal: AbortSignal;
}

/**
 * Waits until the container runs, by the events of one watch.
 * @throws TalonError when it will not run, or does not in time
 */
export async function awaitContainer<T extends CapturePod>(
  watch: (signal: AbortSignal) => AsyncIterable<WatchEvent<T>>,
  { container, what, limit, hint, signal }: AwaitOptions,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), limit);
  let last = 'nothing was heard of it';
  try {
    for await (const { type, object } of watch(AbortSignal.any([signal, late.signal]))) {
      if (type === 'deleted') throw new TalonError('target_gone', `${what} was deleted before it ran`);
      if (isRunning(object, container, what)) return object;
      last = containerStatus(object, container)?.state?.waiting?.reason ?? last;
    }
    throw new TalonError('unavailable', `nobody tells whether ${what} runs`, { retryable: true });
  } catch (error) {
    if (signal.aborted || !late.signal.aborted) throw error;
    throw new TalonError('timeout', `${what} did not run within ${limit / 1000} s (${last}): ${hint}`);
  } finally {
    clearTimeout(timer);
  }
}
