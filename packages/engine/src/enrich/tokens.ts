import { tokenName, valueText, type FalcoEvent } from '@falco-talon/core';
import type { PlannedStep } from '../plan/plan.ts';

/**
 * The event's values under the names commands, scripts and parameters know them by. Falco Talon's own names win over
 * fields that happen to be called alike, so an alert cannot lie about them.
 */
export function tokensOf(
  event: FalcoEvent,
  step: PlannedStep,
  contexts: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const tokens = new Map<string, string>();
  for (const [field, value] of event.fields) {
    const text = valueText(value);
    if (text !== undefined) tokens.set(tokenName(field), text);
  }
  for (const [element, value] of contexts) tokens.set(tokenName(element), value);
  const own: Record<string, string> = {
    PRIORITY: event.priorityText,
    HOSTNAME: event.hostname,
    SOURCE: event.source,
    RULE: event.rule,
    TAGS: event.tags.join(','),
    FALCO_TALON_RULE: step.rule,
    FALCO_TALON_RULE_CONTINUE: String(step.ruleContinue),
    FALCO_TALON_RULE_DRYRUN: String(step.dryRun),
    FALCO_TALON_RULE_ACTION: step.action,
    FALCO_TALON_RULE_ACTION_CONTINUE: String(step.continue),
    FALCO_TALON_RULE_ACTION_IGNORE_ERRORS: String(step.ignoreErrors),
    FALCO_TALON_RULE_ACTION_PARAMETERS: JSON.stringify(step.parameters),
    FALCO_TALON_RULE_ACTIONNER: step.actionner,
  };
  for (const [name, value] of Object.entries(own)) tokens.set(name, value);
  return tokens;
}
