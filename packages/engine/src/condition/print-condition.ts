import {
  isOneOf,
  ORDER_OPERATORS,
  SET_OPERATORS,
  type Comparison,
  type Expression,
  type Operand,
} from './expression.ts';
import { quoteText } from './quoted-text.ts';

/** As a rules file would say it, with macros and lists written out. Read again, it gives the same expression. */
export function printCondition(expression: Expression): string {
  switch (expression.kind) {
    case 'comparison':
      return printComparison(expression);
    case 'macro':
      return printCondition(expression.part);
    case 'not':
      return `not ${inParentheses(expression.part)}`;
    case 'and':
      return expression.parts.map(inParentheses).join(' and ');
    case 'or':
      return expression.parts.map(inParentheses).join(' or ');
  }
}

/** Also where precedence would do without. */
function inParentheses(part: Expression): string {
  let inner = part;
  while (inner.kind === 'macro') inner = inner.part;
  return inner.kind === 'and' || inner.kind === 'or' ? `(${printCondition(inner)})` : printCondition(inner);
}

export function printComparison(comparison: Comparison): string {
  const { operand, operator, modifier, values, other } = comparison;
  const left = `${printOperand(operand)} ${operator}`;
  if (operator === 'exists') return left;
  if (other) return `${left} ${other.transformers.length === 0 ? `val(${printOperand(other)})` : printOperand(other)}`;
  if (modifier !== undefined) return `${left} ${modifier} (${values.map(printValue).join(', ')})`;
  if (isOneOf(SET_OPERATORS, operator)) return `${left} (${values.map(printValue).join(', ')})`;
  return `${left} ${isOneOf(ORDER_OPERATORS, operator) ? values[0] : printValue(values[0]!)}`;
}

export function printOperand({ kind, name, transformers }: Operand): string {
  const field = kind === 'own' ? name : printField(name);
  return transformers.reduce((inner, transformer) => `${transformer}(${inner})`, field);
}

function printField(name: string): string {
  const [, field, argument] = /^([A-Za-z]\w*(?:\.[A-Za-z]\w*)+)(?:\[([^]*)\])?$/.exec(name) ?? [];
  if (field === undefined) return `output_fields[${printArgument(name)}]`;
  return argument === undefined ? field : `${field}[${printArgument(argument)}]`;
}

function printArgument(text: string): string {
  return /^[\w./:*@+-]+$/.test(text) ? text : quoteText(text);
}

/** Whatever could be taken for something else stands in quotes. */
function printValue(value: string): string {
  const plain = /^[\w./:@%+*-]+$/.test(value) && !/^(?:and|or|not|oneof|anyof|allof)$/.test(value);
  return plain ? value : quoteText(value);
}
