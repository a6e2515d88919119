import type { ActionBlock } from '../block.ts';
import type { Report } from '../report.ts';
import type { JudgedRule } from './judged-rule.ts';

/** Warns of shared actions that do nothing, because no rule names them. Files without any rule are there to be used by others. */
export function warnOfUnusedActions(
  shared: ReadonlyMap<string, ActionBlock>,
  rules: readonly JudgedRule[],
  report: Report,
): void {
  if (rules.length === 0) return;
  const used = new Set(rules.flatMap(({ block }) => block.actions.map(({ name }) => name.text)));
  for (const { name } of shared.values()) {
    if (!used.has(name.text))
      report.warning(name.place, `no rule uses this action; add - action: ${name.text} to the actions of one`);
  }
}
