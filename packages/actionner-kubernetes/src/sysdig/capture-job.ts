import { setTimeout as pause } from 'node:timers/promises';
import { errorText, isTalonError, TalonError } from '@falco-talon/core';
import {
  FIELD_MANAGER,
  isManaged,
  JOBS,
  type Kubernetes,
  kubernetesFailure,
  type KubernetesObject,
  PODS,
  type Resource,
} from '@falco-talon/client-kubernetes';
import { awaitContainer, type CapturePod } from '../capture/await-container.ts';
import { captureNames } from '../capture/capture-name.ts';
import { podSecurityRefusal } from '../capture/pod-security.ts';
import { captureJob, CONTAINER, type JobInput } from './job.ts';

/** Milliseconds from the Job until its pod runs: most of it is for the image. */
export const START = 60_000;
/** Milliseconds the controller gets to make the pod before somebody looks for the reason. */
const NO_POD = 3_000;
/** Milliseconds for taking the Job away, whatever became of the capture. */
export const CLEAN_UP = 10_000;

/** Tries of taking a Job away, when what fails may pass. */
const MOST_DELETIONS = 3;

const EVENTS: Resource = { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };

export interface CaptureJob {
  readonly name: string;
  readonly uid: string;
  /** Where the watch for its pod begins. */
  readonly resourceVersion: string;
}

/**
 * Makes the Job of this step. One that an attempt before has left, by a crash or a lost answer, is found by its name and
 * taken away; its capture has ended with that attempt.
 */
export async function startJob(
  client: Kubernetes,
  input: Omit<JobInput, 'name'>,
  signal: AbortSignal,
): Promise<CaptureJob> {
  const { namespace, step } = input;
  for (const name of captureNames('sysdig', step.id, '')) {
    try {
      const { metadata } = await client.create(JOBS, captureJob({ ...input, name }), {
        namespace,
        fieldManager: FIELD_MANAGER,
        signal,
      });
      return { name, uid: metadata.uid, resourceVersion: metadata.resourceVersion };
    } catch (error) {
      if (kubernetesFailure(error)?.reason !== 'AlreadyExists') throw error;
    }
    await endEarlier(client, { namespace, name }, signal);
  }
  throw new TalonError('conflict', `too many capture Jobs of this action are left in namespace ${namespace}`);
}

type JobName = { readonly namespace: string; readonly name: string };

async function endEarlier(client: Kubernetes, name: JobName, signal: AbortSignal): Promise<void> {
  let earlier: KubernetesObject;
  try {
    earlier = await client.get(JOBS, name, { signal });
  } catch (error) {
    if (isTalonError(error) && error.code === 'target_gone') return;
    throw error;
  }
  if (!isManaged(earlier)) {
    const text = `${name.namespace}/${name.name}`;
    throw new TalonError('conflict', `the Job ${text} exists and is not Falco Talon's: it is left alone`);
  }
  await endJob(client, name, earlier.metadata.uid, signal);
}

export interface PodWait {
  readonly job: CaptureJob;
  readonly namespace: string;
  readonly node: string;
  readonly image: string;
  readonly signal: AbortSignal;
}

/**
 * The Job's pod, running. When the controller makes none, its events say why.
 * @throws TalonError `forbidden` when Pod Security refuses it, …
 */
export async function awaitJobPod(client: Kubernetes, wait: PodWait): Promise<CapturePod> {
  const { job, namespace, node, image, signal } = wait;
  const refused = new AbortController();
  let seen = false;
  let asked: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    const reason = seen ? undefined : await refusal(client, wait);
    if (reason) refused.abort(reason);
  };
  const timer = setTimeout(() => (asked = ask()), NO_POD);
  const what = `the capture pod of the Job ${namespace}/${job.name}`;
  try {
    return await awaitContainer<CapturePod>(
      async function* (watching) {
        const events = client.watch<CapturePod>(PODS, {
          namespace,
          labelSelector: `batch.kubernetes.io/controller-uid=${job.uid}`,
          resourceVersion: job.resourceVersion,
          known: [],
          signal: AbortSignal.any([watching, refused.signal]),
        });
        for await (const event of events) {
          seen = true;
          yield event;
        }
      },
      {
        container: CONTAINER,
        what,
        limit: START,
        hint: `is the kubelet of node ${node} alive, and the image ${image} at hand? kubectl -n ${namespace} describe job ${job.name}`,
        signal,
      },
    );
  } catch (error) {
    if (refused.signal.aborted) throw refused.signal.reason;
    const late = seen || signal.aborted ? undefined : await refusal(client, wait);
    throw late ?? error;
  } finally {
    clearTimeout(timer);
    await asked;
  }
}

/** Why the Job has no pod, as far as it may be read. Never rejects. */
async function refusal(client: Kubernetes, { job, namespace, signal }: PodWait): Promise<TalonError | undefined> {
  const fieldSelector = `involvedObject.uid=${job.uid},reason=FailedCreate`;
  try {
    const events = await client.list<KubernetesObject & { readonly message?: string }>(EVENTS, {
      namespace,
      fieldSelector,
      signal,
    });
    const message = events.at(-1)?.message;
    if (message === undefined) return undefined;
    const text = podSecurityRefusal(message, { namespace, what: 'the capture pod' });
    const other = `the capture pod of the Job ${namespace}/${job.name} is refused: ${message.slice(0, 500).toWellFormed()}`;
    return new TalonError('forbidden', text ?? other);
  } catch {
    return undefined;
  }
}

/** Takes the Job away with its pod. @throws TalonError */
async function endJob(
  client: Pick<Kubernetes, 'delete'>,
  name: JobName,
  uid: string,
  signal: AbortSignal,
  ends = false,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await client.delete(JOBS, name, { uid, propagationPolicy: 'Background', signal, ends });
      return;
    } catch (error) {
      // Gone already, or somebody made another one of the name: neither is ours to take away.
      if (isTalonError(error) && (error.code === 'target_gone' || error.code === 'conflict')) return;
      if (!isTalonError(error) || !error.retryable || tries >= MOST_DELETIONS || signal.aborted) throw error;
      // It names the uid, so a repeat hits nothing else, also after an answer that got lost.
      await pause(error.retryAfter ?? tries * 100, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}

/** The same when the step is over, in time of its own; gives back what went wrong instead of throwing. */
export async function cleanUp(
  client: Pick<Kubernetes, 'delete'>,
  name: JobName,
  uid: string,
): Promise<string | undefined> {
  try {
    await endJob(client, name, uid, AbortSignal.timeout(CLEAN_UP), true);
    return undefined;
  } catch (error) {
    return `the Job ${name.namespace}/${name.name} could not be deleted and goes by itself in some minutes: ${errorText(error)}`;
  }
}
