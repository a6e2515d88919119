import type { FalcoEvent } from '@falco-talon/core';
import type { Matcher, RuleVerdict } from '../match/matcher.ts';
import { planEvent, type PlanOptions } from '../plan/plan-event.ts';
import type { PlannedStep } from '../plan/plan.ts';
import type { RuleOutput } from '../rules/rule.ts';

/** What would happen to an event. Plain data; `JSON.stringify` prints numbers with the digits the alert had. */
export interface Explanation {
  readonly event: ExplainedEvent;
  readonly rules: readonly RuleVerdict[];
  readonly plan: readonly ExplainedStep[];
}

/** The alert as it was understood. */
export interface ExplainedEvent {
  readonly rule: string;
  readonly priority: string;
  readonly source: string;
  readonly hostname: string;
  readonly output: string;
  readonly time: string;
  readonly tags: readonly string[];
  readonly output_fields: Readonly<Record<string, unknown>>;
}

export interface ExplainedStep {
  readonly rule: string;
  readonly action: string;
  readonly actionner: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly contexts: readonly string[];
  readonly output: RuleOutput | null;
  readonly notifiers: readonly string[];
  readonly continue: boolean;
  readonly ignore_errors: boolean;
  readonly dry_run: boolean;
}

/** Runs the very matching and planning the server runs, and nothing else: no cluster, no client, no action. */
export function explainEvent(event: FalcoEvent, matcher: Matcher, options: PlanOptions): Explanation {
  const plan = planEvent(event, matcher.match(event), options);
  return {
    event: explainedEvent(event),
    rules: matcher.explain(event),
    plan: plan.chains.flatMap(({ steps }) => steps.map(explainedStep)),
  };
}

function explainedEvent(event: FalcoEvent): ExplainedEvent {
  return {
    rule: event.rule,
    priority: event.priority ?? event.priorityText,
    source: event.source,
    hostname: event.hostname,
    output: event.output,
    time: event.time,
    tags: event.tags,
    output_fields: Object.fromEntries(event.fields),
  };
}

function explainedStep(step: PlannedStep): ExplainedStep {
  return {
    rule: step.rule,
    action: step.action,
    actionner: step.actionner,
    parameters: step.parameters,
    contexts: step.contexts,
    output: step.output ?? null,
    notifiers: step.notifiers,
    continue: step.continue,
    ignore_errors: step.ignoreErrors,
    dry_run: step.dryRun,
  };
}
