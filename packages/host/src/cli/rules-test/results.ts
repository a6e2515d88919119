import type { Difference, Position, RulesCoverage } from '@falco-talon/engine';

export interface TestResult {
  readonly name: string;
  readonly position: Position;
  readonly passed: boolean;
  readonly seconds: number;
  readonly differences: readonly Difference[];
  /** Why it could not be judged: there is no such alert. */
  readonly error?: { readonly position: Position; readonly message: string };
}

export interface FileResult {
  readonly path: string;
  readonly tests: readonly TestResult[];
  /** Why its tests were not run, with places and code frames. */
  readonly problems: readonly string[];
}

export interface TestReport {
  readonly files: readonly FileResult[];
  readonly passed: number;
  readonly failed: number;
  /** Files whose tests were not run. */
  readonly broken: number;
  /** Undefined when it was not asked for. */
  readonly coverage: RulesCoverage | undefined;
}

export function reportOf(files: readonly FileResult[], coverage: RulesCoverage | undefined): TestReport {
  const tests = files.flatMap((file) => file.tests);
  const passed = tests.filter((test) => test.passed).length;
  const broken = files.filter(({ problems }) => problems.length > 0).length;
  return { files, passed, failed: tests.length - passed, broken, coverage };
}

export function placeText({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}
