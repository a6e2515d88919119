import type { FalcoEvent } from '@falco-talon/core';
import type { Rule, RuleAction } from '../rules/rule.ts';
import type { Chain, Plan, PlannedStep } from './plan.ts';

export interface PlanOptions {
  /** True: every rule is a dry run. */
  readonly observe: boolean;
  /** Told about every rule's outcomes, before the rule's own. In any case. */
  readonly defaultNotifiers: readonly string[];
  readonly ruleSetVersion: string;
}

/** What the rules that matched come to: one chain each, in their order. Pure. */
export function planEvent(event: Pick<FalcoEvent, 'id'>, rules: readonly Rule[], options: PlanOptions): Plan {
  return { ruleSet: options.ruleSetVersion, chains: rules.map((rule) => planRule(event.id, rule, options)) };
}

function planRule(eventId: string, rule: Rule, { observe, defaultNotifiers, ruleSetVersion }: PlanOptions): Chain {
  const notifiers = [...new Set([...defaultNotifiers, ...rule.notifiers].map((name) => name.toLowerCase()))];
  const dryRun = rule.dryRun || observe;
  const step = (action: RuleAction, n: number): PlannedStep => ({
    id: [eventId, segment(rule.name), segment(action.name), n].join('/'),
    rule: rule.name,
    ruleSet: ruleSetVersion,
    ruleContinue: rule.continue,
    action: action.name,
    actionner: action.actionner,
    parameters: action.parameters,
    contexts: action.contexts,
    ...(action.output && { output: action.output }),
    notifiers,
    continue: action.continue,
    ignoreErrors: action.ignoreErrors,
    dryRun,
  });
  return { rule: rule.name, steps: rule.actions.map(step) };
}

/** A name as one segment of a step's id: two names never become the same segment, and none brings a `/` of its own. */
function segment(name: string): string {
  return name.replaceAll(/[/%]/g, encodeURIComponent);
}
