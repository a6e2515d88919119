import type { ConditionProblem } from '../condition/expression.ts';
import { parseCondition } from '../condition/parse-condition.ts';
import type { ConditionWarning } from '../condition/resolve-condition.ts';
import type { ConditionBlock } from './block.ts';
import type { Report } from './report.ts';
import type { ScalarText } from './scalar-text.ts';
import type { Place } from './yaml-node.ts';

/** Undefined when it has a mistake; all of them have then been reported. */
export function readCondition(text: ScalarText, report: Report): ConditionBlock | undefined {
  const { expression, problems } = parseCondition(text.text);
  for (const problem of problems) reportProblem(report, problem, text.placeAt);
  return expression && { parsed: expression, placeAt: text.placeAt };
}

export function reportProblem(
  report: Report,
  problem: ConditionProblem | ConditionWarning,
  placeAt: (offset: number) => Place,
): void {
  const severity = 'severity' in problem ? problem.severity : 'error';
  report[severity](placeAt(problem.offset), problem.message);
}
