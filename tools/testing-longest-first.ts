import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest, in that order: begun late, one of them would run alone at the end. How long each took last time is
 * known only where the tests have run before.
 */
const LONGEST = [
  'apps/talon/src/replicas.spec.ts',
  'apps/faults/src/short-',
  'apps/talon/src/crash.spec.ts',
  'packages/queue-nats/src/nats-queue.spec.ts',
  'packages/actionner-kubernetes/src/hostile-names',
  'apps/talon/src/program.spec.ts',
  'apps/talon/src/stopping.spec.ts',
  'apps/demo/src/demo.spec.ts',
  'packages/queue-sqlite/src/sqlite-queue.spec.ts',
  'packages/actionner-kubernetes/src/remote/run-remote.spec.ts',
  'packages/actionner-kubernetes/src/sysdig/sysdig.spec.ts',
  'apps/talon/src/',
  'packages/election-kubernetes/src/candidate.spec.ts',
  'packages/queue-nats/src/',
  'tools/documentation.spec.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = (spec: TestSpecification) => {
      const path = relative(this.ctx.config.root, spec.moduleId).replaceAll('\\', '/');
      const found = LONGEST.findIndex((start) => path.startsWith(start));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(specs)).toSorted((a, b) => rank(a) - rank(b));
  }
}
