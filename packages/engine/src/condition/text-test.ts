import { isOneOf, TEXT_OPERATORS, type Operator } from './expression.ts';
import { compileGlob } from './glob.ts';
import { compileRegex, type TextTest } from './regex.ts';
import { foldCase } from './value.ts';

export type TextOperator = (typeof TEXT_OPERATORS)[number];

export function isTextOperator(operator: Operator): operator is TextOperator {
  return isOneOf(TEXT_OPERATORS, operator);
}

/** @throws RegexError */
export function compileTextTest(operator: TextOperator, wanted: string): TextTest {
  switch (operator) {
    case 'contains':
      return (text) => text.includes(wanted);
    case 'icontains': {
      const folded = foldCase(wanted);
      return (text) => foldCase(text).includes(folded);
    }
    case 'startswith':
      return (text) => text.startsWith(wanted);
    case 'endswith':
      return (text) => text.endsWith(wanted);
    case 'glob':
      return compileGlob(wanted);
    case 'iglob': {
      const test = compileGlob(foldCase(wanted));
      return (text) => test(foldCase(text));
    }
    case 'regex':
      return compileRegex(wanted);
  }
}
