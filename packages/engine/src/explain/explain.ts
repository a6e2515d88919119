import type { FalcoEvent } from '@falco-talon/core';
import type { Matcher } from '../match/matcher.ts';
import { planEvent, type PlanOptions } from '../plan/plan-event.ts';
import type { Registry } from '../registry/registry.ts';
import { explainRule, type ExplainedRule } from './explain-rule.ts';
import { explainStep, type ExplainedStep } from './explain-step.ts';
import { permissionsOf, type ExplainedPermission } from './permissions.ts';

/** What would happen to an event. Plain data; `JSON.stringify` prints numbers with the digits the alert had. */
export interface Explanation {
  readonly event: ExplainedEvent;
  readonly rules: readonly ExplainedRule[];
  readonly plan: readonly ExplainedStep[];
  /** What the identity in use must be allowed to do for the plan. */
  readonly permissions: readonly ExplainedPermission[];
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

export interface ExplainDeps {
  readonly matcher: Matcher;
  readonly registry: Registry;
  readonly options: PlanOptions;
}

/** Runs the very matching and planning the server runs, and nothing else: no cluster, no client, no action. */
export function explainEvent(event: FalcoEvent, { matcher, registry, options }: ExplainDeps): Explanation {
  const plan = planEvent(event, matcher.match(event), options);
  const steps = plan.chains.flatMap((chain) => chain.steps);
  return {
    event: explainedEvent(event),
    rules: matcher.explain(event).map((verdict) => explainRule(verdict, event)),
    plan: steps.map((step) => explainStep(step, event, registry)),
    permissions: permissionsOf(steps, registry),
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
