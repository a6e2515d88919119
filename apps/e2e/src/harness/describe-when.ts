import { describe } from 'vitest';

/**
 * Tests of what not every cluster can do; what is left out is said when the run begins. A file has these tests either way:
 * one without any is an error.
 */
export function describeWhen(possible: boolean, name: string, tests: () => void): void {
  const someOrNone = possible ? describe : describe.skip;
  someOrNone(name, () => {
    tests();
  });
}
