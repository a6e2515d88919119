import { nearest, PRIORITIES } from '@falco-talon/core';
import { normaliseSource } from '../match/source.ts';
import { parsePriorityName } from '../rules/parse-priority.ts';
import { parseDecimal } from './decimal.ts';
import type { Comparison, ConditionProblem, Word } from './expression.ts';
import { compileGlob } from './glob.ts';
import { typeOf } from './operand-type.ts';
import { compileRegex, RegexError } from './regex.ts';

type Checked = Pick<Comparison<unknown>, 'operand' | 'operator' | 'other'>;

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

/** Why `other` cannot be the right side; undefined when it can. */
export function otherMisfit({ operand, operator, other }: Checked): string | undefined {
  if (!other) return undefined;
  if (typeOf(operand) === 'priority' || typeOf(other) === 'priority') {
    return 'priority is compared with the name of a priority, not with a field';
  }
  if (typeOf(other) === 'list' && operator !== 'in' && operator !== 'intersects') {
    return `${other.name} is a list, which ${operator} does not go with (allowed: in intersects)`;
  }
  return /glob|regex/.test(operator) ? `${operator} needs a pattern, not a field` : undefined;
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
  if (priority !== undefined) return priority;
  const hint = nearest(text, PRIORITIES);
  return {
    message: `${JSON.stringify(text)} is not a priority${hint === undefined ? '' : `; did you mean ${hint}?`} (allowed: ${PRIORITIES.join(', ')})`,
  };
}

function checkPattern(operator: string, text: string): string | { message: string } {
  if (operator !== 'regex' && operator !== 'glob' && operator !== 'iglob') return text;
  try {
    if (operator === 'regex') compileRegex(text);
    else compileGlob(text);
    return text;
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    const kind = operator === 'regex' ? 'regular expression' : 'pattern';
    return { message: `not a ${kind}: ${error.message}` };
  }
}
