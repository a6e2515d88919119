import type { Expression } from './expression.ts';
import { parseCondition } from './parse-condition.ts';
import { resolveCondition, type Definitions } from './resolve-condition.ts';

const NOTHING: Definitions = {
  macroNames: new Set(),
  listNames: new Set(),
  complete: true,
  macro: () => undefined,
  list: () => undefined,
};

/** For specs: a condition without macros and lists, and without mistakes. */
export function resolved(text: string): Expression {
  const { expression, problems } = parseCondition(text);
  const found = [...problems];
  const result = expression && resolveCondition(expression, NOTHING, (problem) => found.push(problem));
  if (!result || found.length > 0) throw new Error(`${text}: ${JSON.stringify(found)}`);
  return result.expression;
}
