import { ruleNamesOf } from '../condition/rule-names.ts';
import type { Match } from '../rules/rule.ts';

/** The names of Falco's rules outside of which nothing matches, by `rules` and by the condition; undefined for any name. */
export function possibleRules({ rules, condition }: Match): ReadonlySet<string> | undefined {
  const wanted = rules.length > 0 ? new Set(rules) : undefined;
  const possible = condition && ruleNamesOf(condition);
  return wanted && possible ? wanted.intersection(possible) : (wanted ?? possible);
}
