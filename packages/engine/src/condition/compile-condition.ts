import { compileComparison, type Test } from './compile-comparison.ts';
import type { Expression } from './expression.ts';

export type CompileCondition = (expression: Expression) => Test;

/** Compiles the conditions of one rule set. What several of them share by a macro is compiled once, and tried once per alert. */
export function createConditionCompiler(): CompileCondition {
  const macros = new Map<Expression, Test>();

  function compile(expression: Expression): Test {
    switch (expression.kind) {
      case 'comparison':
        return compileComparison(expression);
      case 'not': {
        const test = compile(expression.part);
        return (view) => !test(view);
      }
      case 'macro':
        return compileMacro(expression.part);
      default: {
        // The parts have no effects, so the cheap ones can go first.
        const tests = expression.parts.toSorted((a, b) => costOf(a) - costOf(b)).map(compile);
        return expression.kind === 'and' ? allOf(tests) : anyOf(tests);
      }
    }
  }

  function compileMacro(part: Expression): Test {
    const known = macros.get(part);
    if (known) return known;
    const test = compile(part);
    const shared: Test = part.kind === 'comparison' ? test : (view) => view.once(part, () => test(view));
    macros.set(part, shared);
    return shared;
  }

  return compile;
}

function allOf(tests: readonly Test[]): Test {
  return (view) => {
    for (const test of tests) if (!test(view)) return false;
    return true;
  };
}

function anyOf(tests: readonly Test[]): Test {
  return (view) => {
    for (const test of tests) if (test(view)) return true;
    return false;
  };
}

/** Only to compare with: a look-up, a search in a text, a pattern, more than one of them. */
function costOf(expression: Expression): number {
  if (expression.kind !== 'comparison') return 4;
  if (/glob|regex|pmatch/.test(expression.operator)) return 3;
  return /contains|with/.test(expression.operator) || expression.operand.transformers.length > 0 ? 2 : 1;
}
