import type { EventView } from '../match/event-view.ts';
import { nearMiss } from '../match/near-miss.ts';
import { compileComparison } from './compile-comparison.ts';
import type { Comparison, Expression, Operand } from './expression.ts';
import { printComparison, printOperand } from './print-condition.ts';
import { compileOperand, isSet, textOf } from './value.ts';

/** A text, the members of a list, null when absent. */
export type SeenValue = string | readonly string[] | null;

export interface ExplainedComparison {
  readonly comparison: string;
  /** The macros it comes from, the outermost first; absent when it stands in the rule itself. */
  readonly macros?: readonly string[];
  readonly actual: SeenValue;
  readonly holds: boolean;
  /** What nearly made it hold. */
  readonly near_miss?: string;
}

export interface ConditionExplainer {
  readonly comparisons: (view: EventView) => readonly ExplainedComparison[];
  /** What the event has, by field. */
  readonly actual: (view: EventView) => Readonly<Record<string, SeenValue>>;
}

/** Nothing is compiled until something is asked for. */
export function explainCondition(expression: Expression): ConditionExplainer {
  return {
    comparisons: (view) =>
      comparisonsIn(expression).map(({ comparison, macros }) => {
        const actual = seen(comparison.operand, view);
        const holds = compileComparison(comparison)(view);
        const miss = holds ? undefined : nearMissOf(comparison, actual);
        return {
          comparison: printComparison(comparison),
          ...(macros.length > 0 && { macros }),
          actual,
          holds,
          ...(miss !== undefined && { near_miss: miss }),
        };
      }),
    actual: (view) => {
      const operands = comparisonsIn(expression).flatMap(({ comparison: { operand, other } }) =>
        other ? [operand, other] : [operand],
      );
      const fields = new Map(
        operands.map((operand) => ({ ...operand, transformers: [] })).map((field) => [printOperand(field), field]),
      );
      return Object.fromEntries(Array.from(fields, ([name, field]) => [name, seen(field, view)]));
    },
  };
}

interface Found {
  readonly comparison: Comparison;
  readonly macros: readonly string[];
}

/** In the order they are written in; each once, however often it is written. */
function comparisonsIn(expression: Expression): readonly Found[] {
  const found = new Map<string, Found>();
  const collect = (part: Expression, macros: readonly string[]): void => {
    if (part.kind === 'comparison') {
      const key = `${macros.join(' ')}\0${printComparison(part)}`;
      if (!found.has(key)) found.set(key, { comparison: part, macros });
    } else if (part.kind === 'macro') collect(part.part, [...macros, part.name]);
    else if (part.kind === 'not') collect(part.part, macros);
    else for (const inner of part.parts) collect(inner, macros);
  };
  collect(expression, []);
  return [...found.values()];
}

const WHOLE_TEXTS = ['=', 'in', 'intersects'];

function nearMissOf({ operator, values }: Comparison, actual: SeenValue): string | undefined {
  if (actual === null || !WHOLE_TEXTS.includes(operator)) return undefined;
  for (const text of typeof actual === 'string' ? [actual] : actual) {
    const miss = nearMiss(text, values);
    if (miss !== undefined) return miss;
  }
  return undefined;
}

/** An unknown priority is shown as it was sent, though it compares as absent. */
function seen(operand: Operand, view: EventView): SeenValue {
  if (operand.kind === 'own' && operand.name === 'priority')
    return view.event.priority ?? (view.event.priorityText || null);
  const value = compileOperand(operand)(view);
  return isSet(value) ? [...value] : (textOf(value) ?? null);
}
