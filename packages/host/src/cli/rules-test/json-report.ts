import { jsonText } from '@falco-talon/engine';
import type { Position } from '@falco-talon/engine';
import type { TestReport } from './results.ts';

/** The report for programs. Keys are only ever added. */
export function jsonReport({ files, passed, failed, broken, coverage }: TestReport): string {
  const report = {
    passed,
    failed,
    files_not_run: broken,
    files: files.map(({ path, tests, problems }) => ({
      file: path,
      problems,
      tests: tests.map(({ name, position, passed: good, differences, error }) => ({
        test: name,
        ...place(position),
        passed: good,
        ...(error && { error: { ...place(error.position), message: error.message } }),
        differences: differences.map(({ position: where, what, expected, got, because }) => ({
          ...place(where),
          what,
          expected,
          got,
          because,
        })),
      })),
    })),
    ...(coverage && {
      coverage: {
        rules: coverage.rules,
        actions: coverage.actions,
        unmatched: coverage.unmatched.map(({ rule, position }) => ({ rule, ...filePlace(position) })),
        idle: coverage.idle.map(({ rule, action, position }) => ({ rule, action, ...filePlace(position) })),
      },
    }),
  };
  return `${jsonText(report)}\n`;
}

function place({ line, column }: Position) {
  return { line, column };
}

function filePlace({ file, line, column }: Position) {
  return { file, line, column };
}
