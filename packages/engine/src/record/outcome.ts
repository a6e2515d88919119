import {
  TalonError,
  valueText,
  type FalcoEvent,
  type OutcomeRecord,
  type Result,
  type Status,
} from '@falco-talon/core';
import type { PlannedStep } from '../plan/plan.ts';
import type { SpooledArtifact } from '../deliver/spool.ts';

const MAX_OUTPUT = 64 * 1024;
const MAX_EVENT = 16 * 1024;
const MAX_TEXT = 4 * 1024;
const MAX_WORD = 256;
const MAX_OBJECTS = 64;

/** What was acted on or made: `{ pod: 'cart-x2x9z', namespace: 'shop' }`. */
export type Objects = Readonly<Record<string, string>>;

/** How one step ended. */
export interface Outcome {
  readonly status: Exclude<Status, 'in_progress'>;
  readonly message: string;
  readonly error?: TalonError;
  readonly objects: Objects;
  readonly output?: string;
  readonly artifacts: readonly SpooledArtifact[];
  /** It is logged and counted, and notifiers are not told: they have heard of its cause. */
  readonly quiet?: boolean;
}

/**
 * What an actionner says it did; `objects` when it does not say to what.
 * @throws TalonError `plugin_failed` when that is no result
 */
export function successOf(result: Result, objects: Objects, artifacts: readonly SpooledArtifact[]): Outcome {
  if (result?.status !== 'success' && result?.status !== 'ignored') {
    throw new TalonError('plugin_failed', 'the actionner ran, but did not say with what result');
  }
  const output = valueText(result.output);
  return {
    status: result.status,
    message: valueText(result.message) ?? '',
    objects: result.objects ? textsOf(result.objects) : objects,
    artifacts,
    ...(output !== undefined && { output }),
  };
}

export function failureOf(
  error: TalonError,
  objects: Objects = {},
  artifacts: readonly SpooledArtifact[] = [],
): Outcome {
  return { status: 'failure', message: '', error, objects, artifacts };
}

/** The record of a step's outcome: the only place that words one. */
export function actionRecord(event: FalcoEvent, step: PlannedStep, outcome: Outcome, time: number): OutcomeRecord {
  return {
    ...common(event, step, time),
    message: 'action',
    stage: 'action',
    status: outcome.status,
    ...(Object.keys(outcome.objects).length > 0 && { objects: textsOf(outcome.objects) }),
    ...(outcome.message !== '' && { result: cut(outcome.message, MAX_TEXT) }),
    ...(outcome.output !== undefined && outcome.output !== '' && { output: cut(outcome.output, MAX_OUTPUT) }),
    ...(outcome.error && { error: cut(outcome.error.message, MAX_TEXT) }),
    ...(step.contexts.length > 0 && { context: step.contexts.join(',') }),
  };
}

/** The record of an artifact's upload; `about` is what its action was about, so that people are told of which pod it is. */
export function outputRecord(
  event: FalcoEvent,
  step: PlannedStep,
  upload: { readonly objects: Objects; readonly message: string } | { readonly error: TalonError },
  { artifact, about }: { readonly artifact: SpooledArtifact; readonly about: Objects },
  time: number,
): OutcomeRecord {
  const facts = {
    bytes: String(artifact.bytes),
    sha256: artifact.sha256,
    ...(artifact.truncated && { truncated: 'true' }),
  };
  const failed = 'error' in upload;
  return {
    ...common(event, step, time),
    message: 'output',
    stage: 'output',
    status: failed ? 'failure' : 'success',
    ...(step.output && { output_target: step.output.target }),
    objects: textsOf({ ...about, ...(failed ? {} : upload.objects), ...facts }),
    ...(failed ? { error: cut(upload.error.message, MAX_TEXT) } : { result: cut(upload.message, MAX_TEXT) }),
  };
}

function common(event: FalcoEvent, step: PlannedStep, time: number) {
  return {
    time: new Date(time).toISOString(),
    trace_id: event.traceId,
    rule: step.rule,
    ...(step.ruleSet !== undefined && { rules_version: step.ruleSet }),
    event: cut(event.output === '' ? event.rule : event.output, MAX_EVENT),
    ...(event.priorityText !== '' && { priority: cut(event.priorityText, MAX_WORD) }),
    source: cut(event.source, MAX_WORD),
    actionner: step.actionner,
    action: step.action,
    category: step.actionner.slice(0, step.actionner.indexOf(':')),
  };
}

/** Plugins are not held to the types of the contract when they run: whatever they name becomes text. */
function textsOf(objects: Objects): Objects {
  const texts = Object.entries(objects).slice(0, MAX_OBJECTS);
  return Object.fromEntries(texts.map(([key, value]) => [cut(key, MAX_WORD), cut(valueText(value) ?? '', MAX_TEXT)]));
}

/** Well-formed: half a surrogate pair, cut or sent, is refused by the services records go to. */
function cut(text: string, limit: number): string {
  const rest = text.length - limit;
  return rest <= 0 ? text.toWellFormed() : `${text.slice(0, limit).toWellFormed()}… (${rest} characters cut)`;
}
