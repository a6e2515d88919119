import type { FalcoEvent, OutcomeRecord, Result, Status, TalonError } from '@falco-talon/core';
import type { PlannedStep } from '../plan/plan.ts';
import type { SpooledArtifact } from '../deliver/spool.ts';

const MAX_OUTPUT = 64 * 1024;
const MAX_TEXT = 4 * 1024;

/** How one step ended. */
export interface Outcome {
  readonly status: Exclude<Status, 'in_progress'>;
  readonly message: string;
  readonly error?: TalonError;
  readonly objects: Readonly<Record<string, string>>;
  readonly output?: string;
  readonly artifacts: readonly SpooledArtifact[];
}

export function successOf(result: Result, artifacts: readonly SpooledArtifact[]): Outcome {
  const outcome = { status: result.status, message: result.message, objects: result.objects ?? {}, artifacts };
  return result.output === undefined ? outcome : { ...outcome, output: result.output };
}

export function failureOf(error: TalonError, artifacts: readonly SpooledArtifact[] = []): Outcome {
  return { status: 'failure', message: '', error, objects: {}, artifacts };
}

/** The record of a step's outcome: the only place that words one. */
export function actionRecord(event: FalcoEvent, step: PlannedStep, outcome: Outcome, time: number): OutcomeRecord {
  return {
    ...common(event, step, time),
    message: 'action',
    stage: 'action',
    status: outcome.status,
    ...(Object.keys(outcome.objects).length > 0 && { objects: outcome.objects }),
    ...(outcome.message !== '' && { result: cut(outcome.message, MAX_TEXT) }),
    ...(outcome.output !== undefined && outcome.output !== '' && { output: cut(outcome.output, MAX_OUTPUT) }),
    ...(outcome.error && { error: cut(outcome.error.message, MAX_TEXT) }),
    ...(step.contexts.length > 0 && { context: step.contexts.join(',') }),
  };
}

/** The record of an artifact's upload. */
export function outputRecord(
  event: FalcoEvent,
  step: PlannedStep,
  upload: { readonly objects: Readonly<Record<string, string>>; readonly message: string } | { readonly error: TalonError },
  artifact: SpooledArtifact,
  time: number,
): OutcomeRecord {
  const facts = { bytes: String(artifact.bytes), sha256: artifact.sha256, ...(artifact.truncated && { truncated: 'true' }) };
  const failed = 'error' in upload;
  return {
    ...common(event, step, time),
    message: 'output',
    stage: 'output',
    status: failed ? 'failure' : 'success',
    output_target: step.output?.target ?? '',
    objects: failed ? facts : { ...upload.objects, ...facts },
    ...(failed ? { error: cut(upload.error.message, MAX_TEXT) } : { result: cut(upload.message, MAX_TEXT) }),
  };
}

function common(event: FalcoEvent, step: PlannedStep, time: number) {
  return {
    time: new Date(time).toISOString(),
    trace_id: event.traceId,
    rule: step.rule,
    event: event.output === '' ? event.rule : event.output,
    ...(event.priorityText !== '' && { priority: event.priorityText }),
    source: event.source,
    actionner: step.actionner,
    action: step.action,
    category: step.actionner.slice(0, step.actionner.indexOf(':')),
  };
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} characters cut)`;
}
