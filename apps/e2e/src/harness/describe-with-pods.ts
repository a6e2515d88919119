import { describe } from 'vitest';
import { currentRun } from '../run.ts';

/** Tests that need containers that run; what is left out where none do is said when the run begins. */
export function describeWithPods(name: string, tests: () => void): void {
  const someOrNone = currentRun().cluster.node === undefined ? describe.skip : describe;
  someOrNone(name, () => {
    tests();
  });
}
