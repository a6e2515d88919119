import type { ResolveDeps } from '../resolve-action.ts';
import { fieldCriteriaText } from '../parse-field-criteria.ts';
import { matchesEverything } from '../rule.ts';
import { warnOfEndedChain } from './ended-chains.ts';
import { warnOfEqualMatches } from './equal-matches.ts';
import { excludesNothing } from './excludes-nothing.ts';
import { isMatchKnown, type JudgedRule } from './judged-rule.ts';
import { contradiction, neverMatches } from './never-matches.ts';
import { warnOfSources } from './sources.ts';
import { warnOfUnreachable } from './unreachable.ts';
import { warnOfUnusedActions } from './unused-actions.ts';

/**
 * Warns of what is allowed and yet hardly meant. Nothing is claimed that is not certain; where something is missing
 * because of a mistake, here or in a file that could not be read, nothing is said that only follows from it.
 */
export function warnOfRules(rules: readonly JudgedRule[], deps: ResolveDeps): void {
  const { report, shared, complete } = deps;
  for (const judged of rules) {
    warnOfMatch(judged, deps);
    warnOfEndedChain(judged, report);
    warnOfSources(judged, deps);
  }
  if (!complete) return;
  warnOfEmptyRules(rules, deps);
  warnOfEqualMatches(rules, warnOfUnreachable(rules, report), report);
  warnOfUnusedActions(shared, rules, report);
}

function warnOfMatch(judged: JudgedRule, { report, complete }: ResolveDeps): void {
  if (!isMatchKnown(judged)) return;
  const { block, rule } = judged;
  const place = block.match?.place ?? block.name.place;
  if (matchesEverything(rule.match) && !block.match?.all && complete) {
    report.warning(place, 'this rule has no criterion, so every event matches it; write match: all if that is meant');
  }
  const never = neverMatches(rule.match);
  if (never !== undefined) {
    report.warning(place, `this rule never matches: ${never}`);
    return;
  }
  const all = excludesNothing(rule.match);
  if (all !== undefined) report.warning(place, `output_fields leave nothing out: ${all}`);
  for (const group of rule.match.outputFields) {
    const field = contradiction(group);
    if (field === undefined) continue;
    report.warning(
      place,
      `${JSON.stringify(fieldCriteriaText(group))} under output_fields never holds: it asks for two values of ${field} at once`,
    );
  }
}

function warnOfEmptyRules(rules: readonly JudgedRule[], { report }: ResolveDeps): void {
  const names = rules.map(({ rule }) => rule.name);
  for (const { block } of rules) {
    if (block.actions.length > 0 || block.broken.has('actions') || block.continue === false) continue;
    // It was meant for a rule that is not there, which is an error of its own.
    if (block.replaces) continue;
    const own = block.name.text;
    const meant = report.nearest(own, others(names, own));
    const hint = meant === undefined ? '' : `; did you mean the rule ${JSON.stringify(meant)}, to add to it?`;
    report.warning(block.name.place, `this rule has no actions, so it does nothing${hint}`);
  }
}

function* others(names: readonly string[], own: string) {
  for (const name of names) if (name !== own) yield name;
}
