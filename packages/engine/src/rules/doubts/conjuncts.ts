import type { Comparison, Expression } from '../../condition/expression.ts';
import { printOperand } from '../../condition/print-condition.ts';

const listIds = new WeakMap<readonly string[], number>();
let lists = 0;

/** Many rules may share a macro of many parts. */
const OPENED_LIMIT = 100;

/** The parts that must all hold for the condition to, a macro being one. */
export function conjuncts(condition: Expression | undefined): readonly Expression[] {
  if (!condition) return [];
  return condition.kind === 'and' ? condition.parts.flatMap(conjuncts) : [condition];
}

/** The same with macros opened, as far as they are not too large. */
export function openedConjuncts(condition: Expression | undefined): readonly Expression[] {
  const opened: Expression[] = [];
  const open = conjuncts(condition).toReversed();
  for (let part = open.pop(); part && opened.length < OPENED_LIMIT; part = open.pop()) {
    if (part.kind === 'macro') open.push(part.part);
    else if (part.kind === 'and') open.push(...part.parts.slice(0, OPENED_LIMIT));
    else opened.push(part);
  }
  return opened;
}

/**
 * Two conditions with the same key mean the same; two that mean the same may have different ones. As long as the text of
 * the condition, and not as what its macros and lists stand for, which many rules share.
 */
export function expressionKey(expression: Expression): string {
  switch (expression.kind) {
    case 'comparison':
      return comparisonKey(expression);
    case 'macro':
      return `macro ${expression.name}`;
    case 'not':
      return `not (${expressionKey(expression.part)})`;
    default:
      return `(${expression.parts.map(expressionKey).toSorted().join(` ${expression.kind} `)})`;
  }
}

function comparisonKey({ operand, operator, modifier, values, other }: Comparison): string {
  return JSON.stringify([
    printOperand(operand),
    operator,
    modifier ?? '',
    values.length > 8 ? listId(values) : values,
    other ? printOperand(other) : '',
  ]);
}

/** A declared list is one array, however many rules name it. */
function listId(values: readonly string[]): number {
  const id = listIds.get(values) ?? ++lists;
  listIds.set(values, id);
  return id;
}
