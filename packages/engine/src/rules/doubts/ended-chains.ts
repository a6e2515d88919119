import type { Report } from '../report.ts';
import type { JudgedRule } from './judged-rule.ts';

/** Warns of actions behind one that ends the chain, whatever comes of it. */
export function warnOfEndedChain({ block, rule }: JudgedRule, report: Report): void {
  // With a wrong action the two lists do not go together.
  if (rule.actions.length < block.actions.length) return;
  const last = rule.actions.findIndex((action) => !action.continue);
  const next = block.actions[last + 1];
  if (last === -1 || !next) return;
  const { name, actionner } = rule.actions[last]!;
  const why =
    block.actions[last]!.continue === false ? 'has continue: false' : `ends the rule, as ${actionner} does by default`;
  report.warning(
    next.name.place,
    `this action never runs: ${JSON.stringify(name)} before it ${why}; put it first, or write continue: true there`,
  );
}
