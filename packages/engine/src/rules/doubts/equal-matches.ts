import type { Report } from '../report.ts';
import { matchesEverything, type Match, type Rule } from '../rule.ts';
import { priorityText } from '../parse-priority.ts';
import { conjuncts, expressionKey } from './conjuncts.ts';
import { fieldKey } from './implied.ts';
import { isMatchKnown, named, type JudgedRule } from './judged-rule.ts';

/**
 * Warns of a rule that matches the same alerts as an earlier one. Rules of several files are often kept apart on purpose,
 * as stages or by teams, so there it takes an actionner that both have. @param known rules that have been warned of already
 */
export function warnOfEqualMatches(rules: readonly JudgedRule[], known: ReadonlySet<JudgedRule>, report: Report): void {
  const earlier = new Map<string, JudgedRule[]>();
  for (const judged of rules) {
    // A rule of the first releases has one action, so several have the same match.
    if (judged.block.old || !isMatchKnown(judged) || matchesEverything(judged.rule.match)) continue;
    const key = matchKey(judged.rule.match);
    const equal = earlier.get(key) ?? [];
    const other = equal.find((one) => isOneTask(one.rule, judged.rule));
    equal.push(judged);
    earlier.set(key, equal);
    if (other && !known.has(judged))
      report.warning(
        judged.block.match?.place ?? judged.block.name.place,
        `this rule matches the same alerts as ${named(other)}; one rule may have the actions of both`,
      );
  }
}

function isOneTask(a: Rule, b: Rule): boolean {
  if (a.position.file === b.position.file) return true;
  return a.actions.some(({ actionner }) => b.actions.some((action) => action.actionner === actionner));
}

/** Matches with the same key match the same alerts. */
function matchKey({ rules, priority, source, tags, outputFields, condition }: Match): string {
  return JSON.stringify([
    rules.toSorted(),
    priority ? priorityText(priority) : '',
    source ?? '',
    tags.map((group) => group.toSorted().join()).toSorted(),
    outputFields.map((group) => group.map(fieldKey).toSorted().join()).toSorted(),
    conjuncts(condition).map(expressionKey).toSorted(),
  ]);
}
