import { describe, expect, it } from 'vitest';
import { ruleNamesOf } from './rule-names.ts';
import { resolved } from './testing-condition.ts';

describe("the names of Falco's rules a condition can hold for", () => {
  it.each<[string, readonly string[] | undefined]>([
    ['rule = A', ['A']],
    ['rule in (A, B)', ['A', 'B']],
    ['rule intersects (A)', ['A']],
    ['rule in ()', []],
    ['rule = anyof (A, B)', ['A', 'B']],
    ['rule = A and proc.name = x', ['A']],
    ['proc.name = x and (priority >= Error and rule in (A, B))', ['A', 'B']],
    ['rule in (A, B) and rule in (B, C)', ['B']],
    ['rule = A and rule = B', []],
    ['rule = A or rule = B', ['A', 'B']],
    ['rule = A and proc.name = x or rule = B and proc.name = y', ['A', 'B']],
    ['rule = A or proc.name = x', undefined],
    ['not rule = A', undefined],
    ['rule = A and not rule = B', ['A']],
    ['rule != A', undefined],
    ['rule startswith A', undefined],
    ['tolower(rule) = a', undefined],
    ['rule = val(proc.name)', undefined],
    ['output_fields[rule] = A', undefined],
    ['proc.name = A', undefined],
  ])('%s', (condition, names) => {
    const found = ruleNamesOf(resolved(condition));
    expect(found && [...found]).toEqual(names);
  });
});
