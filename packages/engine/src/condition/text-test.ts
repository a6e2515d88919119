import type { TEXT_OPERATORS } from './expression.ts';
import { compileGlob } from './glob.ts';
import { compileRegex, type TextTest } from './regex.ts';

/** The others are these on folded texts. */
export type TextOperator = Exclude<(typeof TEXT_OPERATORS)[number], 'icontains' | 'iglob'>;

/** @throws RegexError */
export function compileTextTest(operator: TextOperator, wanted: string): TextTest {
  switch (operator) {
    case 'contains':
      return (text) => text.includes(wanted);
    case 'startswith':
      return (text) => text.startsWith(wanted);
    case 'endswith':
      return (text) => text.endsWith(wanted);
    case 'glob':
      return compileGlob(wanted);
    case 'regex':
      return compileRegex(wanted);
  }
}
