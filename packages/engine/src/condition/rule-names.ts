import type { Comparison, Expression } from './expression.ts';

/**
 * The names of Falco's rules outside of which the condition cannot hold; undefined when it may hold for any.
 * May name too many, never too few: the matcher looks rules up by it.
 */
export function ruleNamesOf(expression: Expression): ReadonlySet<string> | undefined {
  switch (expression.kind) {
    case 'comparison':
      return namesInComparison(expression);
    case 'macro':
      return namesInMacro(expression.part);
    case 'not':
      return undefined;
    case 'and': {
      const known = expression.parts.map(ruleNamesOf).filter((names) => names !== undefined);
      return known.length === 0 ? undefined : known.reduce((a, b) => a.intersection(b));
    }
    case 'or': {
      const parts = expression.parts.map(ruleNamesOf);
      const known = parts.filter((names) => names !== undefined);
      return known.length < parts.length ? undefined : known.reduce((a, b) => a.union(b));
    }
  }
}

const known = new WeakMap<Expression, { readonly names: ReadonlySet<string> | undefined }>();

/** Looked through once, however many rules name the macro. */
function namesInMacro(part: Expression): ReadonlySet<string> | undefined {
  const found = known.get(part) ?? { names: ruleNamesOf(part) };
  known.set(part, found);
  return found.names;
}

function namesInComparison({ operand, operator, modifier, values, other }: Comparison): Set<string> | undefined {
  if (operand.kind !== 'own' || operand.name !== 'rule' || operand.transformers.length > 0 || other) return undefined;
  // With a modifier, one of the values must be equal, whichever modifier it is.
  const named = operator === 'in' || operator === 'intersects' || operator === '=';
  return named && (modifier === undefined || values.length > 0) ? new Set(values) : undefined;
}
