import { isTalonError, type OutcomeRecord } from '@falco-talon/core';
import { kubernetesFailure, NODES, PODS, type Kubernetes } from '@falco-talon/client-kubernetes';
import { eventOf, EVENTS, type Event } from './event.ts';
import { CLUSTER_NAMESPACE, type Subject } from './regarding.ts';
import type { Written } from './series.ts';

const FIELD_MANAGER = 'falco-talon';
/** Timestamps of objects are whole seconds. */
const SECOND = 1_000;

type Told = Omit<Written, 'lastSeen'>;

/**
 * Writes a new event. When the object's namespace is gone or being deleted it goes to `default`, still about the object
 * where it was: what was done there is not lost with it.
 * @throws TalonError
 */
export async function writeEvent(
  client: Kubernetes,
  record: OutcomeRecord,
  subject: Subject,
  instance: string,
  signal: AbortSignal,
): Promise<Told> {
  const uid = await uidOf(client, record, subject, signal);
  const about = uid === undefined ? subject : { ...subject, regarding: { ...subject.regarding, uid } };
  const event = eventOf(record, about, instance);
  try {
    await create(client, event, signal);
  } catch (error) {
    if (subject.namespace === CLUSTER_NAMESPACE || !namespaceIsGone(error)) throw error;
    const moved = { ...event, metadata: { ...event.metadata, namespace: CLUSTER_NAMESPACE } };
    await create(client, moved, signal);
    return { ...moved.metadata, count: 1 };
  }
  return { ...event.metadata, count: 1 };
}

/**
 * Counts one more in the series of an event. Undefined: the event has expired.
 * @throws TalonError
 */
export async function continueSeries(
  client: Kubernetes,
  last: Written,
  lastObservedTime: string,
  signal: AbortSignal,
): Promise<Told | undefined> {
  const { namespace, name } = last;
  // A count, not an increment: a repeat after a lost answer changes nothing.
  const count = last.count + 1;
  const body = { series: { count, lastObservedTime } };
  const options = { signal, fieldManager: FIELD_MANAGER };
  try {
    await client.patch(EVENTS, { namespace, name }, { type: 'merge', body }, options);
    return { namespace, name, count };
  } catch (error) {
    if (isTalonError(error) && error.code === 'target_gone') return undefined;
    throw error;
  }
}

/** An event of this name is this one: the answer to an earlier attempt was lost. */
async function create(client: Kubernetes, event: Event, signal: AbortSignal): Promise<void> {
  const { namespace } = event.metadata;
  try {
    await client.create(EVENTS, event, { namespace, signal, fieldManager: FIELD_MANAGER });
  } catch (error) {
    if (kubernetesFailure(error)?.reason !== 'AlreadyExists') throw error;
  }
}

function namespaceIsGone(error: unknown): boolean {
  if (isTalonError(error) && error.code === 'target_gone') return true;
  return kubernetesFailure(error)?.causes.some(({ reason }) => reason === 'NamespaceTerminating') ?? false;
}

/**
 * The uid of the pod or node, when it is still there and may be read. One created after the outcome, or in the second
 * before, may be another one under the same name.
 */
async function uidOf(
  client: Kubernetes,
  record: OutcomeRecord,
  { resource, regarding }: Subject,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (resource !== PODS && resource !== NODES) return undefined;
  const { name, namespace } = regarding;
  try {
    const { metadata } = await client.get(
      resource,
      { name, ...(namespace !== undefined && { namespace }) },
      { signal },
    );
    const created = Date.parse(String((metadata as { creationTimestamp?: unknown }).creationTimestamp));
    return created + SECOND <= Date.parse(record.time) ? metadata.uid : undefined;
  } catch (error) {
    if (isTalonError(error) && (error.code === 'target_gone' || error.code === 'forbidden')) return undefined;
    throw error;
  }
}
