import { compileComparison, type Test } from '../condition/compile-comparison.ts';
import type { Comparison, Expression, Operand } from '../condition/expression.ts';
import type { FieldCriterion } from '../rules/rule.ts';
import type { Alerts } from './alerts-of.ts';

/** What a criterion comes to for every alert of a Falco rule; undefined when it depends on the alert. */
export type Certainty = boolean | undefined;

export type JudgeCondition = (expression: Expression, alerts: Alerts) => Certainty;

/** Judges conditions by what is known before there is an alert: rule, priority, source, tags, and the fields it never has. */
export function createConditionJudge(): JudgeCondition {
  const tests = new Map<Comparison, Test>();

  const judge: JudgeCondition = (expression, alerts) => {
    switch (expression.kind) {
      case 'macro':
        return judge(expression.part, alerts);
      case 'not': {
        const part = judge(expression.part, alerts);
        return part === undefined ? undefined : !part;
      }
      case 'and':
        return every(expression.parts, (part) => judge(part, alerts));
      case 'or':
        return some(expression.parts, (part) => judge(part, alerts));
      case 'comparison':
        return judgeComparison(expression, alerts);
    }
  };

  function judgeComparison(comparison: Comparison, alerts: Alerts): Certainty {
    const operands = operandsOf(comparison);
    if (operands.some((operand) => isAbsent(operand, alerts))) return false;
    if (!operands.every(isKnown)) return undefined;
    let test = tests.get(comparison);
    if (!test) tests.set(comparison, (test = compileComparison(comparison)));
    return test(alerts.view);
  }

  return judge;
}

/** One of the lists under `output_fields`. An absent field equals nothing, so `!=` holds for it. */
export function judgeFields(group: readonly FieldCriterion[], { fields }: Alerts): Certainty {
  return every(group, ({ field, operator }) => (fields.has(field) ? undefined : operator === '!='));
}

export function every<T>(parts: readonly T[], judge: (part: T) => Certainty): Certainty {
  let result: Certainty = true;
  for (const part of parts) {
    const certainty = judge(part);
    if (certainty === false) return false;
    if (certainty === undefined) result = undefined;
  }
  return result;
}

export function some<T>(parts: readonly T[], judge: (part: T) => Certainty): Certainty {
  const none = every(parts, (part) => {
    const certainty = judge(part);
    return certainty === undefined ? undefined : !certainty;
  });
  return none === undefined ? undefined : !none;
}

/** The output fields a condition compares that alerts of this rule never have; with `negated`, only those below a `not`. */
export function absentFields(expression: Expression, alerts: Alerts, negated: boolean): readonly string[] {
  const found = new Set<string>();
  const collect = (part: Expression, below: boolean): void => {
    if (part.kind === 'comparison') {
      for (const operand of operandsOf(part))
        if (below === negated && isAbsent(operand, alerts)) found.add(operand.name);
    } else if (part.kind === 'macro') collect(part.part, below);
    else if (part.kind === 'not') collect(part.part, !below);
    else for (const inner of part.parts) collect(inner, below);
  };
  collect(expression, false);
  return [...found];
}

function operandsOf({ operand, other }: Comparison): readonly Operand[] {
  return other ? [operand, other] : [operand];
}

function isAbsent({ kind, name }: Operand, { fields }: Alerts): boolean {
  return kind === 'field' && !fields.has(name);
}

function isKnown({ kind, name }: Operand): boolean {
  return kind === 'own' && name !== 'hostname' && name !== 'output';
}
