import { normaliseSource } from '../match/source.ts';
import { parsePriorityName, unknownPriority } from '../rules/parse-priority.ts';
import { parseDecimal } from './decimal.ts';
import type { Comparison, ConditionProblem, Word } from './expression.ts';
import { compileGlob } from './glob.ts';
import { typeOf } from './operand-type.ts';
import { compilePaths } from './path-test.ts';
import { compileRegex, RegexError } from './regex.ts';

type Checked = Pick<Comparison<unknown>, 'operand' | 'operator'>;

/** The values a comparison is made with, in one spelling; each that cannot be one is reported. */
export function checkValues(
  comparison: Checked,
  values: readonly Omit<Word, 'quoted'>[],
  report: (problem: ConditionProblem) => void,
): string[] {
  return values.map(({ text, offset }) => {
    const checked = checkValue(comparison, text);
    if (typeof checked === 'string') return checked;
    report({ offset, message: checked.message });
    return text;
  });
}

function checkValue({ operand, operator }: Checked, text: string): string | { message: string } {
  const type = typeOf(operand);
  if (type === 'priority') return checkPriority(text);
  if (type === 'number' && parseDecimal(text) === undefined) {
    return { message: `${JSON.stringify(text)} is no number` };
  }
  const exact = operator === '=' || operator === '!=' || operator === 'in' || operator === 'intersects';
  if (exact && operand.kind === 'own' && operand.name === 'source' && operand.transformers.length === 0) {
    return normaliseSource(text);
  }
  return checkPattern(operator, text);
}

function checkPriority(text: string): string | { message: string } {
  const priority = parsePriorityName(text);
  return priority ?? { message: unknownPriority(text) };
}

function checkPattern(operator: string, text: string): string | { message: string } {
  if (!/glob|regex|pmatch/.test(operator)) return text;
  try {
    if (operator === 'regex') compileRegex(text);
    else if (operator === 'pmatch') compilePaths([text]);
    else compileGlob(text);
    return text;
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    const kind = operator === 'regex' ? 'regular expression' : 'pattern';
    return { message: `not a ${kind}: ${error.message}` };
  }
}
