import {
  isOneOf,
  ORDER_OPERATORS,
  LIST_OPERATORS,
  type Comparison,
  type Expression,
  type Operand,
} from './expression.ts';
import { quoteText } from './quoted-text.ts';

/** As a rules file would say it, with macros and lists written out. Read again, it is printed the same. */
export function printCondition(expression: Expression): string {
  const plain = withoutMacros(expression);
  switch (plain.kind) {
    case 'comparison':
      return printComparison(plain);
    case 'not':
      return `not ${inParentheses(plain.part)}`;
    default:
      return flatParts(plain).map(inParentheses).join(` ${plain.kind} `);
  }
}

type Plain = Exclude<Expression, { kind: 'macro' }>;

/** What a macro negates may be negated again outside of it. */
function withoutMacros(part: Expression): Plain {
  if (part.kind === 'macro') return withoutMacros(part.part);
  if (part.kind !== 'not') return part;
  const inner = withoutMacros(part.part);
  return inner.kind === 'not' ? withoutMacros(inner.part) : { kind: 'not', part: inner };
}

/** What a macro puts into a chain of its own kind becomes links of that chain. */
function flatParts({ kind, parts }: Extract<Plain, { parts: unknown }>): Plain[] {
  return parts.map(withoutMacros).flatMap((part) => ('parts' in part && part.kind === kind ? flatParts(part) : [part]));
}

/** Also where precedence would do without. */
function inParentheses(part: Expression): string {
  return part.kind === 'and' || part.kind === 'or' ? `(${printCondition(part)})` : printCondition(part);
}

export function printComparison(comparison: Comparison): string {
  const { operand, operator, modifier, values, other } = comparison;
  const left = `${printOperand(operand)} ${operator}`;
  if (operator === 'exists') return left;
  if (other) return `${left} ${other.transformers.length === 0 ? `val(${printOperand(other)})` : printOperand(other)}`;
  if (modifier !== undefined) return `${left} ${modifier} (${values.map(printValue).join(', ')})`;
  if (isOneOf(LIST_OPERATORS, operator)) return `${left} (${values.map(printValue).join(', ')})`;
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
