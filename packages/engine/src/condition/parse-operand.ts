import { didYouMean, nearest } from '@falco-talon/core';
import { isOneOf, MODIFIERS, OWN_KEYS, TRANSFORMERS, type Operand, type Transformer } from './expression.ts';
import { takeQuoted } from './quoted-text.ts';
import { ConditionError, found, peek, skipBlank, take, takeText, WORD, type Scanner } from './scanner.ts';

/** A field of Falco has at least one dot, which tells it from a macro. */
const FIELD = /[A-Za-z]\w*(?:\.[A-Za-z]\w*)+/y;
const BARE_ARGUMENT = /[^\][\s"']+/y;
const CALL = /[A-Za-z]\w*(?=\()/y;
const NESTING_LIMIT = 10;

/** Falco's transformers that need more than the alert, or that nothing here is made for. */
const FALCO_ONLY = ['join', 'concat', 'getopt'];

/** What stands before an operator; undefined when it is none, but the name of a macro, say. */
export function takeOperand(scanner: Scanner): Operand | undefined {
  const call = peek(scanner, CALL);
  if (call !== undefined && call !== 'not' && !isOneOf(OWN_KEYS, call)) return takeCall(scanner, call, 0);
  return takeField(scanner);
}

/** `val(field)` or a transformer, as the right side of an operator; undefined when none stands here. */
export function takeOther(scanner: Scanner): Operand | undefined {
  const call = peek(scanner, CALL);
  if (call === undefined) return undefined;
  if (call !== 'val') return takeCall(scanner, call, 0);
  scanner.position += 'val('.length;
  skipBlank(scanner);
  const field = takeField(scanner) ?? missingField(scanner, 'val');
  close(scanner, 'val');
  return field;
}

function takeCall(scanner: Scanner, name: string, depth: number): Operand {
  const start = scanner.position;
  if (name === 'val') throw new ConditionError(start, 'val() stands on the right side of an operator only');
  if (!isOneOf(TRANSFORMERS, name)) throw new ConditionError(start, unknownTransformer(name));
  if (depth === NESTING_LIMIT) throw new ConditionError(start, `more than ${NESTING_LIMIT} transformers in each other`);
  scanner.position += name.length + 1;
  skipBlank(scanner);
  const call = peek(scanner, CALL);
  const operand = call === undefined ? takeField(scanner) : takeCall(scanner, call, depth + 1);
  const { transformers, ...field } = operand ?? missingField(scanner, name);
  close(scanner, name);
  return { ...field, transformers: [...transformers, name satisfies Transformer] };
}

function unknownTransformer(name: string): string {
  if (FALCO_ONLY.includes(name)) {
    return `${name}() is a transformer of Falco that Falco Talon does not have (available: ${TRANSFORMERS.join(', ')})`;
  }
  if (isOneOf(MODIFIERS, name)) return `expected a blank after ${JSON.stringify(name)}`;
  if (name === 'and' || name === 'or') return `expected a comparison before ${JSON.stringify(name)}`;
  const hint = nearest(name, TRANSFORMERS);
  return `unknown transformer ${name}()${didYouMean(hint && `${hint}()`)} (available: ${TRANSFORMERS.join(', ')})`;
}

function missingField(scanner: Scanner, name: string): never {
  throw new ConditionError(scanner.position, `expected a field after "${name}(", found ${found(scanner)}`);
}

function close(scanner: Scanner, name: string): void {
  skipBlank(scanner);
  if (takeText(scanner, ')')) return;
  throw new ConditionError(scanner.position, `expected ) at the end of ${name}(), found ${found(scanner)}`);
}

/** `proc.name`, `k8s.ns.label[a-b/c]`, `proc.aname[2]`; `output_fields[key]` for a key without a dot; the alert's own keys. */
function takeField(scanner: Scanner): Operand | undefined {
  const start = scanner.position;
  const field = take(scanner, FIELD);
  if (field !== undefined) {
    const argument = takeArgument(scanner);
    return { kind: 'field', name: argument === undefined ? field : `${field}[${argument}]`, transformers: [] };
  }
  const word = peek(scanner, WORD);
  if (word === undefined) return undefined;
  if (word === 'output_fields') {
    scanner.position += word.length;
    const key = takeArgument(scanner);
    if (key === undefined) throw new ConditionError(start, 'write the key in brackets: output_fields[key]');
    return { kind: 'field', name: key, transformers: [] };
  }
  if (!isOneOf(OWN_KEYS, word)) return undefined;
  scanner.position += word.length;
  return { kind: 'own', name: word, transformers: [] };
}

function takeArgument(scanner: Scanner): string | undefined {
  const open = scanner.position;
  if (!takeText(scanner, '[')) return undefined;
  const argument = takeQuoted(scanner) ?? take(scanner, BARE_ARGUMENT);
  if (argument === undefined) {
    throw new ConditionError(scanner.position, `expected a text after "[", found ${found(scanner)}`);
  }
  if (takeText(scanner, ']')) return argument;
  throw new ConditionError(
    scanner.position,
    `expected ] for the [ in column ${columnOf(scanner.text, open)}, found ${found(scanner)}; a text with blanks, quotes or brackets is written in quotes`,
  );
}

function columnOf(text: string, offset: number): number {
  return offset - text.lastIndexOf('\n', offset - 1);
}
