import {
  ORDER_OPERATORS,
  SET_OPERATORS,
  TEXT_OPERATORS,
  type Comparison,
  type Operand,
  type Operator,
} from './expression.ts';
import { printOperand } from './print-condition.ts';

/** What a condition can know of a value before there is an alert. An output field may be of any type. */
export type OperandType = 'any' | 'text' | 'list' | 'number' | 'priority';

const EQUALITY = ['=', '!='] as const;
const COMMON: readonly Operator[] = [...SET_OPERATORS, 'exists'];
const ALLOWED: Readonly<Record<OperandType, readonly Operator[]>> = {
  any: [...EQUALITY, ...ORDER_OPERATORS, ...TEXT_OPERATORS, 'pmatch', ...COMMON],
  text: [...EQUALITY, ...TEXT_OPERATORS, 'pmatch', ...COMMON],
  list: COMMON,
  number: [...EQUALITY, ...ORDER_OPERATORS, ...COMMON],
  priority: [...EQUALITY, ...ORDER_OPERATORS, ...COMMON],
};

export function typeOf({ kind, name, transformers }: Operand): OperandType {
  if (transformers.at(-1) === 'len') return 'number';
  if (kind === 'own' && name === 'priority') return 'priority';
  if (kind === 'own' && name === 'tags') return 'list';
  return kind === 'own' || transformers.length > 0 ? 'text' : 'any';
}

/** Why the operator does not go with the operand; undefined when it does. */
export function misfitOf(operand: Operand, operator: Operator): string | undefined {
  const transformed = transformerMisfit(operand);
  if (transformed !== undefined) return transformed;
  const type = typeOf(operand);
  const allowed = ALLOWED[type];
  if (allowed.includes(operator)) return undefined;
  return `${printOperand(operand)} is a ${type}, which ${operator} does not go with (allowed: ${allowed.join(' ')})`;
}

/** A text is what transformers take; `len` also takes a list. */
function transformerMisfit(operand: Operand): string | undefined {
  for (const [index, transformer] of operand.transformers.entries()) {
    const inner = { ...operand, transformers: operand.transformers.slice(0, index) };
    const type = typeOf(inner);
    if (type === 'number' || type === 'priority')
      return `${transformer}() takes a text, ${printOperand(inner)} is a ${type}`;
  }
  return undefined;
}

/** Why `other` cannot be the right side; undefined when it can. */
export function otherMisfit({
  operand,
  operator,
  other,
}: Pick<Comparison<unknown>, 'operand' | 'operator' | 'other'>): string | undefined {
  if (!other) return undefined;
  if (typeOf(operand) === 'priority' || typeOf(other) === 'priority') {
    return 'priority is compared with the name of a priority, not with a field';
  }
  if (typeOf(other) === 'list' && operator !== 'in' && operator !== 'intersects') {
    return `${other.name} is a list, which ${operator} does not go with (allowed: in intersects)`;
  }
  return /glob|regex|pmatch/.test(operator) ? `${operator} needs a pattern, not a field` : undefined;
}
