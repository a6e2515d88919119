import { currentRun } from '../run.ts';
import { describeWhen } from './describe-when.ts';

/** Tests that need containers that run. */
export function describeWithPods(name: string, tests: () => void): void {
  describeWhen(currentRun().cluster.node !== undefined, name, tests);
}
