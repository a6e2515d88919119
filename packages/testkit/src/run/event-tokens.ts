import { tokenName, valueText, type FalcoEvent, type StepNames } from '@falco-talon/core';

/** The values of an alert under their token names, with Falco Talon's own. */
export function eventTokens(
  event: FalcoEvent,
  step: StepNames,
  details: { readonly parameters: unknown; readonly dryRun: boolean },
): ReadonlyMap<string, string> {
  const tokens = new Map<string, string>();
  for (const [field, value] of event.fields) {
    const text = valueText(value);
    if (text !== undefined) tokens.set(tokenName(field), text);
  }
  const own = {
    PRIORITY: event.priorityText,
    HOSTNAME: event.hostname,
    SOURCE: event.source,
    RULE: event.rule,
    TAGS: event.tags.join(','),
    FALCO_TALON_RULE: step.rule,
    FALCO_TALON_RULE_CONTINUE: 'true',
    FALCO_TALON_RULE_DRYRUN: String(details.dryRun),
    FALCO_TALON_RULE_ACTION: step.action,
    FALCO_TALON_RULE_ACTIONNER: step.actionner,
    FALCO_TALON_RULE_ACTION_CONTINUE: 'true',
    FALCO_TALON_RULE_ACTION_IGNORE_ERRORS: 'false',
    FALCO_TALON_RULE_ACTION_PARAMETERS: JSON.stringify(details.parameters),
  };
  for (const [name, value] of Object.entries(own)) tokens.set(name, value);
  return tokens;
}
