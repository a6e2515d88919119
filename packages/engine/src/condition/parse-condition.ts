import type { ConditionProblem, ParsedExpression } from './expression.ts';
import { parseComparison } from './parse-comparison.ts';
import { takeOperand } from './parse-operand.ts';
import { skipComparison } from './recover.ts';
import {
  ConditionError,
  createScanner,
  found,
  peek,
  skipBlank,
  take,
  takeText,
  WORD,
  type Scanner,
} from './scanner.ts';
import { unexpected, unknownField, unwanted } from './wording.ts';

/** Parentheses in each other. */
export const DEPTH_LIMIT = 100;
const PROBLEM_LIMIT = 20;

export interface ParsedCondition {
  /** Undefined when there is a problem. */
  readonly expression: ParsedExpression | undefined;
  readonly problems: readonly ConditionProblem[];
}

/**
 * Reads Falco's condition language: `not` binds closest, then `and`, then `or`.
 * A mistake in one comparison does not hide those in others. Never throws.
 * Grammar: https://github.com/falcosecurity/libs/blob/master/userspace/libsinsp/filter/parser.h
 */
export function parseCondition(text: string): ParsedCondition {
  const scanner = createScanner(text);
  const { problems } = scanner;
  try {
    if (scanner.text.trim() === '') throw new ConditionError(0, 'the condition is empty');
    const expression = parseOr(scanner);
    // After a mistake it is not known which parenthesis belongs to which.
    if (problems.length > 0) return { expression: undefined, problems };
    if (scanner.position < scanner.text.length) throw new ConditionError(scanner.position, unexpected(scanner));
    return { expression, problems };
  } catch (error) {
    addProblem(scanner, error);
  }
  return { expression: undefined, problems };
}

function addProblem({ problems }: Scanner, error: unknown): void {
  if (!(error instanceof ConditionError)) throw error;
  problems.push({ offset: error.offset, message: error.message });
}

function parseOr(scanner: Scanner): ParsedExpression {
  return parseChain(scanner, 'or', parseAnd);
}

function parseAnd(scanner: Scanner): ParsedExpression {
  return parseChain(scanner, 'and', parseRecovering);
}

function parseChain(
  scanner: Scanner,
  kind: 'and' | 'or',
  parsePart: (scanner: Scanner) => ParsedExpression,
): ParsedExpression {
  const parts: ParsedExpression[] = [];
  do {
    const part = parsePart(scanner);
    if (part.kind === kind) parts.push(...part.parts);
    else parts.push(part);
    skipBlank(scanner);
  } while (takeKeyword(scanner, kind));
  return parts.length === 1 ? parts[0]! : { kind, parts };
}

function takeKeyword(scanner: Scanner, keyword: string): boolean {
  if (peek(scanner, WORD) !== keyword) return false;
  scanner.position += keyword.length;
  return true;
}

/** After a mistake, goes on behind the next `and` or `or`; what stands for the comparison meanwhile is never used. */
function parseRecovering(scanner: Scanner): ParsedExpression {
  const { depth } = scanner;
  try {
    return parseNot(scanner);
  } catch (error) {
    addProblem(scanner, error);
    if (scanner.problems.length >= PROBLEM_LIMIT) scanner.position = scanner.text.length;
    else skipComparison(scanner, scanner.depth - depth);
    scanner.depth = depth;
    return { kind: 'macro', name: '', offset: scanner.position };
  }
}

function parseNot(scanner: Scanner): ParsedExpression {
  let negated = false;
  skipBlank(scanner);
  while (takeKeyword(scanner, 'not')) {
    negated = !negated;
    skipBlank(scanner);
  }
  const part = parseCheck(scanner);
  if (!negated) return part;
  return part.kind === 'not' ? part.part : { kind: 'not', part };
}

function parseCheck(scanner: Scanner): ParsedExpression {
  const offset = scanner.position;
  if (takeText(scanner, '(')) return parseParentheses(scanner, offset);
  const operand = takeOperand(scanner);
  if (operand) return parseComparison(scanner, operand, offset);
  const name = take(scanner, WORD);
  if (name === undefined || name === 'and' || name === 'or') {
    scanner.position = offset;
    throw new ConditionError(offset, `expected a comparison or a macro, found ${found(scanner)}${unwanted(scanner)}`);
  }
  const end = scanner.position;
  skipBlank(scanner);
  if (
    peek(scanner, /[<>=!~]+|(?:exists|in|intersects|pmatch|i?contains|startswith|endswith|i?glob|regex)\b/y) !==
    undefined
  ) {
    throw new ConditionError(offset, unknownField(name));
  }
  scanner.position = end;
  return { kind: 'macro', name, offset };
}

function parseParentheses(scanner: Scanner, offset: number): ParsedExpression {
  if (scanner.depth === DEPTH_LIMIT) {
    scanner.position = offset;
    throw new ConditionError(offset, `more than ${DEPTH_LIMIT} parentheses in each other`);
  }
  scanner.depth++;
  const inner = parseOr(scanner);
  skipBlank(scanner);
  if (!takeText(scanner, ')')) {
    if (scanner.position === scanner.text.length && scanner.problems.length > 0) return inner;
    if (scanner.position === scanner.text.length) throw new ConditionError(offset, 'this ( has no )');
    throw new ConditionError(scanner.position, unexpected(scanner));
  }
  scanner.depth--;
  return inner;
}
