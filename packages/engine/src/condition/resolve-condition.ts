import { nearest } from '@falco-talon/core';
import { checkValues } from './check-values.ts';
import type {
  Comparison,
  ConditionProblem,
  Expression,
  ParsedComparison,
  ParsedExpression,
  Word,
} from './expression.ts';
import { firstOf, unknownMacro } from './wording.ts';

/** With macros and lists written out, a condition has at most so many … */
const LIMITS = { comparisons: 10_000, values: 100_000, height: 100 } as const;

export interface Resolved {
  readonly expression: Expression;
  readonly comparisons: number;
  readonly values: number;
  readonly height: number;
}

/** What macros and lists stand for. Mistakes inside of them are reported where they are declared, once. */
export interface Definitions {
  readonly macroNames: ReadonlySet<string>;
  readonly listNames: ReadonlySet<string>;
  /** False when a file could not be read: what is missing may stand there, so it is not reported. */
  readonly complete: boolean;
  /** Undefined when its declaration has a mistake. */
  readonly macro: (name: string) => Resolved | undefined;
  readonly list: (name: string) => readonly string[] | undefined;
}

export interface ConditionWarning extends ConditionProblem {
  readonly severity: 'warning';
}

type Report = (problem: ConditionProblem | ConditionWarning) => void;

/** Puts macros and lists in, and checks every value. Undefined when something is wrong. */
export function resolveCondition(
  parsed: ParsedExpression,
  definitions: Definitions,
  report: Report,
): Resolved | undefined {
  switch (parsed.kind) {
    case 'comparison':
      return resolveComparison(parsed, definitions, report);
    case 'macro':
      return resolveMacro(parsed, definitions, report);
    case 'not': {
      const inner = resolveCondition(parsed.part, definitions, report);
      return inner && { ...inner, expression: { kind: 'not', part: inner.expression }, height: inner.height + 1 };
    }
    default: {
      const parts = parsed.parts.map((part) => resolveCondition(part, definitions, report));
      const known = parts.filter((part) => part !== undefined);
      if (known.length < parts.length) return undefined;
      return {
        expression: { kind: parsed.kind, parts: known.map(({ expression }) => expression) },
        comparisons: known.reduce((sum, part) => sum + part.comparisons, 0),
        values: known.reduce((sum, part) => sum + part.values, 0),
        height: Math.max(...known.map(({ height }) => height)) + 1,
      };
    }
  }
}

/** What is too large to be used; undefined when nothing is. */
export function sizeProblem(resolved: Resolved): string | undefined {
  for (const key of ['comparisons', 'values', 'height'] as const) {
    if (resolved[key] <= LIMITS[key]) continue;
    const what = key === 'height' ? 'levels of and, or, not and macros' : key;
    return `with its macros and lists written out, this has more than ${LIMITS[key]} ${what}`;
  }
  return undefined;
}

function resolveMacro(
  { name, offset }: ParsedExpression & { kind: 'macro' },
  definitions: Definitions,
  report: Report,
): Resolved | undefined {
  if (!definitions.macroNames.has(name)) {
    if (definitions.listNames.has(name)) report({ offset, message: `${name} is a list; write: field in (${name})` });
    else if (definitions.complete) report({ offset, message: unknownMacro(name, definitions.macroNames) });
    return undefined;
  }
  const macro = definitions.macro(name);
  return macro && { ...macro, expression: { kind: 'macro', name, part: macro.expression }, height: macro.height + 1 };
}

function resolveComparison(parsed: ParsedComparison, definitions: Definitions, report: Report): Resolved | undefined {
  const { operand, operator, modifier, other } = parsed;
  let mistakes = 0;
  const mistake: Report = (problem) => {
    mistakes++;
    report(problem);
  };
  const words: Omit<Word, 'quoted'>[] = [];
  for (const word of parsed.values) {
    if (word.quoted || !definitions.listNames.has(word.text)) {
      if (parsed.list && !word.quoted) warnOfMisspelt(word, definitions, report);
      words.push(word);
    } else if (!parsed.list) {
      mistake({
        offset: word.offset,
        message: `${word.text} is a list; write in (${word.text}), or "${word.text}" for the text`,
      });
    } else {
      const items = definitions.list(word.text);
      if (items === undefined) mistakes++;
      for (const text of items ?? []) words.push({ text, offset: word.offset });
    }
  }
  const checked = checkValues(parsed, words, mistake);
  if (mistakes > 0) return undefined;
  const values = asDeclared(parsed, definitions, checked);
  const comparison: Comparison = {
    kind: 'comparison',
    operand,
    operator,
    ...(modifier !== undefined && { modifier }),
    values,
    ...(other && { other }),
  };
  return { expression: comparison, comparisons: 1, values: values.length, height: 1 };
}

/** What stands for exactly one list is the list itself, so that a thousand rules can share a long one. */
function asDeclared(
  { values: [word, ...others] }: ParsedComparison,
  definitions: Definitions,
  values: readonly string[],
) {
  const named = word !== undefined && !word.quoted && others.length === 0 && definitions.listNames.has(word.text);
  const items = named ? definitions.list(word.text) : undefined;
  return items?.length === values.length && items.every((item, index) => item === values[index]) ? items : values;
}

/** A word that is no list is a value; one that looks like a list's name was probably meant to be one. */
function warnOfMisspelt({ text, offset }: Word, { listNames }: Definitions, report: Report): void {
  if (text.length < 6 || !text.includes('_')) return;
  const hint = nearest(text, firstOf(listNames, 200));
  if (hint === undefined) return;
  report({
    offset,
    severity: 'warning',
    message: `${text} is no list and is taken as a text; did you mean ${hint}? Put it in quotes if the text is meant`,
  });
}
