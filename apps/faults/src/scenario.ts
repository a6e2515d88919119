import type { Surroundings } from './harness/surroundings.ts';

/** One fault, done to real processes on loopback, and what must hold afterwards. */
export interface Scenario {
  /** Kebab-case: the argument that runs it alone. */
  readonly name: string;
  /** What is done to the program, in one sentence. */
  readonly title: string;
  /** Why it cannot be done on this machine (a program is missing, say); `undefined` when it can. */
  missing?(): string | undefined;
  run(run: FaultRun): Promise<void>;
}

export interface FaultRun extends Surroundings {
  /** `short`: seconds, part of the test suite; `full`: as hard and as long as the figures in the documentation say. */
  readonly size: 'short' | 'full';
  /** A figure, or a fact that explains one. */
  say(line: string): void;
  /** What must hold. One that does not fails the scenario, which goes on: all are reported. */
  expect(what: string, holds: boolean): void;
  /** What this machine keeps from being shown, and why; something weaker was done instead. The run is then told as one in part. */
  leaveOut(what: string): void;
}
