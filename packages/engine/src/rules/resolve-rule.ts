import type { Expression } from '../condition/expression.ts';
import { resolveCondition, sizeProblem } from '../condition/resolve-condition.ts';
import { possibleRules } from '../match/possible-rules.ts';
import { normaliseSource } from '../match/source.ts';
import type { ConditionBlock, MatchBlock, RuleBlock } from './block.ts';
import { lookUp } from './look-up.ts';
import { reportProblem } from './report-condition.ts';
import { resolveAction, type ResolveDeps } from './resolve-action.ts';
import { matchesEverything, type Match, type Rule } from './rule.ts';

/** A merged rule, checked. What is wrong is reported and left out. */
export function resolveRule(block: RuleBlock, deps: ResolveDeps): Rule {
  const { registry, report } = deps;
  const actions = block.actions.map((action) => resolveAction(action, deps)).filter((action) => action !== undefined);
  const notifiers = block.notifiers
    .map(({ text, place }) => ({ text: text.toLowerCase(), place }))
    .filter((name) => lookUp(name, 'notifier', registry.notifiers, report))
    .map(({ text }) => text);
  const match = resolveMatch(block.match, deps);
  if (matchesEverything(match) && !block.match?.all && !block.match?.condition && !block.broken.has('match')) {
    report.warning(
      block.match?.place ?? block.name.place,
      'this rule has no criterion, so every event matches it; write match: all if that is meant',
    );
  }
  if (possibleRules(match)?.size === 0) {
    report.warning(
      block.match?.place ?? block.name.place,
      `this rule never matches: its condition${match.rules.length > 0 ? ' and its rules ask' : ' asks'} for different Falco rules at once`,
    );
  }
  if (block.actions.length === 0 && !block.broken.has('actions') && block.continue !== false) {
    report.warning(block.name.place, 'this rule has no actions, so it does nothing');
  }
  warnOfSources(block, deps);
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

/** An actionner for pods has nothing to act on in an alert of another source. */
function warnOfSources(block: RuleBlock, { registry, report, shared }: ResolveDeps): void {
  const source = block.match?.source;
  if (!source) return;
  for (const action of block.actions) {
    const name = action.actionner ?? shared.get(action.name.text)?.actionner;
    const sources = name && registry.actionners.get(name.text)?.part.sources;
    if (!sources || sources === 'any' || sources.some((own) => normaliseSource(own) === source.text)) continue;
    report.warning(
      action.name.place,
      `${name.text} is made for alerts of the source ${sources.join(' or ')}, but this rule matches those of ${source.text}`,
    );
  }
}
