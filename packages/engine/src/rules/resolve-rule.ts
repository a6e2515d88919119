import { didYouMean } from '@falco-talon/core';
import type { Expression } from '../condition/expression.ts';
import { resolveCondition, sizeProblem } from '../condition/resolve-condition.ts';
import type { ConditionBlock, MatchBlock, RuleBlock } from './block.ts';
import { lookUp } from './look-up.ts';
import { reportProblem } from './report-condition.ts';
import { resolveAction, type ResolveDeps } from './resolve-action.ts';
import type { Match, Rule } from './rule.ts';

/**
 * A merged rule, checked. What is wrong is reported and left out.
 * @param names those of all rules
 */
export function resolveRule(block: RuleBlock, names: readonly string[], deps: ResolveDeps): Rule {
  const { registry, report } = deps;
  const actions = block.actions.map((action) => resolveAction(action, deps)).filter((action) => action !== undefined);
  const notifiers = block.notifiers
    .map(({ text, place }) => ({ text: text.toLowerCase(), place }))
    .filter((name) => lookUp(name, 'notifier', registry, report))
    .map(({ text }) => text);
  const match = resolveMatch(block.match, deps);
  if (block.replaces && deps.complete) {
    const lists = [...block.replaces].join(' and ');
    const others = names.filter((name) => name !== block.name.text);
    const meant = report.nearest(block.name.text, others);
    const hint = didYouMean(meant && JSON.stringify(meant));
    report.error(block.name.place, `there is no rule of this name before, whose ${lists} this could replace${hint}`);
  }
  return {
    name: block.name.text,
    description: block.description ?? '',
    position: block.name.place.source.position(block.name.place.offset),
    match,
    actions,
    continue: block.continue ?? true,
    dryRun: block.dryRun ?? false,
    notifiers: [...new Set(notifiers)],
  };
}

function resolveMatch(block: MatchBlock | undefined, deps: ResolveDeps): Match {
  const condition = block?.condition && resolveOwn(block.condition, deps);
  return {
    rules: [...new Set(block?.rules)],
    ...(block?.priority && { priority: block.priority }),
    ...(block?.source && { source: block.source.text }),
    tags: block?.tags ?? [],
    outputFields: block?.outputFields ?? [],
    ...(condition && { condition }),
  };
}

function resolveOwn({ parsed, placeAt }: ConditionBlock, { definitions, report }: ResolveDeps): Expression | undefined {
  const resolved = resolveCondition(parsed, definitions, (problem) => reportProblem(report, problem, placeAt));
  const tooLarge = resolved && sizeProblem(resolved);
  if (tooLarge !== undefined) report.error(placeAt(0), tooLarge);
  return resolved?.expression;
}
