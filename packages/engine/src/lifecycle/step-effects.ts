import { asTalonError, type Delivery, type FalcoEvent, type Logger, type OutcomeRecord } from '@falco-talon/core';
import type { ClientLease } from '../clients/client-pool.ts';
import type { SpooledArtifact } from '../deliver/spool.ts';
import { letGo, upload, type UploadDeps } from '../deliver/upload.ts';
import { entries, type Journal, type Notified, type ResultData } from '../journal/journal.ts';
import type { Notifications } from '../notify/notifications.ts';
import type { PlannedStep } from '../plan/plan.ts';
import type { Observer } from './engine.ts';

export interface EffectDeps extends UploadDeps {
  readonly notifications: Notifications;
  readonly observer: Observer;
}

export interface SettledStep {
  readonly event: FalcoEvent;
  readonly step: PlannedStep;
  readonly delivery: Delivery;
  readonly journal: Journal;
  readonly lease: ClientLease;
  /** Resolves when the step's result is in the journal, or cannot be. Nobody is told of it before. */
  readonly stored: Promise<void>;
  /** Nobody is told of its result: they have heard of the cause. */
  readonly quiet: boolean;
}

/** What follows a step's result, outside its lane: its artifacts are uploaded and people are told, each once. */
export interface Effects {
  readonly uploads: Promise<void>;
  readonly all: Promise<void>;
}

export function startEffects(settled: SettledStep, data: ResultData, deps: EffectDeps): Effects {
  const uploads = Promise.all(data.artifacts.map((artifact, n) => uploadOnce(settled, data, artifact, n, deps)));
  const told = uploads.then((records) =>
    Promise.all(records.map((record, n) => notifyOnce(settled, record, `output-${n}`, deps))),
  );
  const all = Promise.all([settled.quiet ? undefined : notifyOnce(settled, data.record, 'action', deps), told]).then(
    () => {},
  );
  const uploaded = uploads.then(() => {});
  // Whoever does not wait for them must not be ended by their rejection.
  all.catch(() => {});
  uploaded.catch(() => {});
  return { uploads: uploaded, all };
}

async function uploadOnce(
  settled: SettledStep,
  data: ResultData,
  artifact: SpooledArtifact,
  n: number,
  deps: EffectDeps,
): Promise<OutcomeRecord> {
  const { journal, step } = settled;
  const earlier = journal.delivered(step.id, n);
  const record = earlier ?? (await uploadNow(settled, data, artifact, n, deps));
  // Not before it is journalled: until then a crash repeats the upload, and needs the file.
  if (record.status === 'success') await letGo(artifact, deps);
  if (!earlier) announce(record, deps);
  return record;
}

async function uploadNow(
  { event, step, delivery, lease }: SettledStep,
  { record: { objects = {} } }: ResultData,
  artifact: SpooledArtifact,
  n: number,
  deps: EffectDeps,
): Promise<OutcomeRecord> {
  const startedAt = performance.now();
  const record = await upload(event, step, artifact, objects, lease, deps);
  deps.observer.latency('upload', performance.now() - startedAt);
  await append(delivery, deps.scope.logger, () => delivery.append([entries.delivered(step.id, n, record)]));
  return record;
}

async function notifyOnce(
  { step, delivery, journal, stored }: SettledStep,
  record: OutcomeRecord,
  what: Notified,
  deps: EffectDeps,
): Promise<void> {
  if (step.notifiers.length === 0 || journal.notified(step.id, what)) return;
  await stored;
  await deps.notifications.submit(record, step.notifiers);
  // Not awaited: the settlement that follows shares its transaction.
  void append(delivery, deps.scope.logger, () => delivery.append([entries.notified(step.id, what)]));
}

/** The one log line and the counters of an outcome. */
export function announce(record: OutcomeRecord, { scope, observer }: Pick<EffectDeps, 'scope' | 'observer'>): void {
  const { message, time: _, ...fields } = record;
  scope.logger[record.status === 'failure' ? 'error' : 'info'](message, fields);
  observer.outcome(record);
}

/** A journal that cannot be written costs at most a repetition after a crash, never the response. */
export async function append(delivery: Delivery, logger: Logger, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (thrown) {
    const error = asTalonError(thrown);
    // Another replica has the event: that is said when it is settled.
    if (error.code === 'not_leading') return;
    const { id, headers } = delivery.message;
    logger.error('journal not written', { event: id, trace_id: headers['trace-id'], error: error.message });
  }
}
