import { dirname, isAbsolute, resolve } from 'node:path';
import { errorText, isTalonError } from '@falco-talon/core';
import {
  judgeTest,
  problemFormatter,
  readBounded,
  readTestFile,
  testEvent,
  type CoverageCounter,
  type TestCase,
  type TestFile,
} from '@falco-talon/engine';
import { fileError } from '../../config/file-error.ts';
import type { FileResult, TestResult } from './results.ts';
import type { RulesUnderTest } from './rules-under-test.ts';

export interface RunDeps {
  readonly workingDirectory: string;
  readonly rules: RulesUnderTest;
  /** True for the tests to run. */
  readonly wanted: (name: string) => boolean;
  readonly coverage: CoverageCounter;
}

const SIZE_LIMIT = 4 * 1024 * 1024;

/** Runs the tests of one file. Never rejects: what keeps them from running is in the result. */
export async function runTestFile(path: string, deps: RunDeps): Promise<FileResult> {
  const broken = (...problems: readonly string[]): FileResult => ({ path, tests: [], problems });
  let text: string;
  try {
    text = await readText(resolve(deps.workingDirectory, path));
  } catch (error) {
    return broken(`${path}: ${fileError(error)}`);
  }
  const { file, problems } = readTestFile(path, text);
  if (!file) return broken(...problems.map(problemFormatter([{ path, text }])));

  const directory = dirname(resolve(deps.workingDirectory, path));
  const absolute = file.rules?.find((name) => isAbsolute(name));
  if (absolute !== undefined) return broken(`${path}: rules: ${NO_ABSOLUTE}, not ${JSON.stringify(absolute)}`);
  const rules = await deps.rules.load(file.rules?.map((name) => resolve(directory, name)));
  if (!rules.deps) return broken(...rules.errors);

  deps.coverage.add(rules.deps.ruleSet);
  const tests: TestResult[] = [];
  for (const test of file.tests) {
    if (!deps.wanted(test.name)) continue;
    const started = performance.now();
    const judged = await judge(test, file, directory, rules.deps, deps.coverage);
    const seconds = (performance.now() - started) / 1000;
    const passed = judged.differences.length === 0 && judged.error === undefined;
    tests.push({ name: test.name, position: test.position, passed, seconds, ...judged });
  }
  return { path, tests, problems: [] };
}

const NO_ABSOLUTE = 'paths are as seen from the test file, so that tests run on every machine';

async function judge(
  test: TestCase,
  file: TestFile,
  directory: string,
  rules: Parameters<typeof judgeTest>[2],
  coverage: CoverageCounter,
): Promise<Pick<TestResult, 'differences' | 'error'>> {
  const { event_file: name, event: own } = test.content;
  const failed = (key: string, message: string) => ({
    differences: [],
    error: { position: test.at(key), message },
  });
  let recorded: string | undefined;
  try {
    if (name !== undefined && isAbsolute(name)) return failed('event_file', NO_ABSOLUTE);
    recorded = name === undefined ? undefined : await readText(resolve(directory, name));
  } catch (error) {
    return failed('event_file', fileError(error));
  }
  let event;
  try {
    event = testEvent(file.event, recorded, own);
  } catch (error) {
    if (!isTalonError(error)) throw error;
    return failed(own === undefined && name !== undefined ? 'event_file' : 'event', errorText(error));
  }
  const { differences, chains } = judgeTest(test, event, rules);
  coverage.saw(chains, rules.ruleSet);
  return { differences };
}

/** Pipes and devices may never end, so a test names files only. */
async function readText(path: string): Promise<string> {
  const bytes = await readBounded(path, { limit: SIZE_LIMIT });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('it is not UTF-8 text');
  }
}
