import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createCoverage, printable } from '@falco-talon/engine';
import { fileError } from '../../config/file-error.ts';
import { painter } from '../colour.ts';
import {
  print,
  printProblems,
  type CommandInput,
  type CommandSpec,
  type ExitCode,
  type ProgramContext,
} from '../command.ts';
import { prepare } from '../prepare.ts';
import { findTestFiles } from './find-test-files.ts';
import { jsonReport } from './json-report.ts';
import { junitReport } from './junit-report.ts';
import { reportOf, type FileResult, type TestReport } from './results.ts';
import { rulesUnderTest } from './rules-under-test.ts';
import { runTestFile } from './run-tests.ts';
import { fileText, summaryText } from './text-report.ts';

const FORMATS = ['text', 'json', 'junit'] as const;

/** Holds test files against the rules, by the very code the server runs. */
async function testRules(input: CommandInput): Promise<ExitCode> {
  const { program, options, words } = input;
  const { stdout, stderr, workingDirectory } = program;
  const least = percentage(options['coverageMin']);
  if (least === undefined) {
    print(stderr, `${program.name}: --coverage-min takes a whole number from 0 to 100`);
    return 2;
  }
  const prepared = await prepare(input);
  const found = await findTestFiles(words, workingDirectory);
  const mistakes = [...prepared.problems, ...found.problems.map((text) => printable(text))];
  printProblems(program, mistakes);
  if (mistakes.length > 0 || prepared.config === undefined) return 1;

  const format = options['output'] as (typeof FORMATS)[number];
  const filter = (options['filter'] as string | undefined)?.toLowerCase();
  const coverage = createCoverage();
  const deps = {
    workingDirectory,
    rules: rulesUnderTest(prepared, (text) => printProblems(program, [text])),
    wanted: (name: string) => filter === undefined || name.toLowerCase().includes(filter),
    coverage,
  };
  const paint = painter(stdout, program.environment);
  const files: FileResult[] = [];
  for (const path of found.files) {
    const result = await runTestFile(path, deps);
    files.push(result);
    printProblems(program, result.problems);
    if (format === 'text' && result.tests.length > 0) print(stdout, fileText(result, paint));
  }
  const report = reportOf(files, options['coverage'] === true || least > 0 ? coverage.result() : undefined);
  if (filter !== undefined && report.passed + report.failed + report.broken === 0) {
    print(stderr, `${program.name}: --filter: no test has ${printable(JSON.stringify(options['filter']))} in its name`);
    return 2;
  }
  if (format === 'text') print(stdout, `\n${summaryText(report, paint)}`);
  else print(stdout, format === 'json' ? jsonReport(report) : junitReport(report));
  const written = await writeJunit(options['junitFile'] as string | undefined, report, program);
  const covered = coversEnough(report, least, program);
  return report.failed + report.broken === 0 && covered && written ? 0 : 1;
}

/** 0 when it is not asked for. */
function percentage(text: unknown): number | undefined {
  if (text === undefined) return 0;
  return typeof text === 'string' && /^(100|\d{1,2})$/.test(text) ? Number(text) : undefined;
}

function coversEnough({ coverage }: TestReport, least: number, { stderr, name }: ProgramContext): boolean {
  const shares = coverage ? (['rules', 'actions'] as const).filter((what) => coverage[what].percent < least) : [];
  for (const what of shares) {
    print(stderr, `${name}: ${coverage![what].percent} % of the ${what} are covered, at least ${least} % must be`);
  }
  return shares.length === 0;
}

async function writeJunit(path: string | undefined, report: TestReport, program: ProgramContext): Promise<boolean> {
  if (path === undefined) return true;
  try {
    await writeFile(resolve(program.workingDirectory, path), junitReport(report));
    return true;
  } catch (error) {
    print(program.stderr, `${printable(path)}: the report cannot be written: ${printable(fileError(error))}`);
    return false;
  }
}

export const rulesTestCommand: CommandSpec = {
  path: ['rules', 'test'],
  description: 'test rules: hold what they make of alerts against what test files expect',
  argument: {
    name: 'file',
    description: 'test files, or directories with *_test.yaml or *.test.yaml',
    many: true,
    file: true,
  },
  options: [
    { flags: '--filter <text>', description: 'only tests with this text in their name' },
    { flags: '--coverage', description: 'say which rules and actions no test makes act' },
    { flags: '--coverage-min <percent>', description: 'fail when less of the rules or of their actions is covered' },
    { flags: '-o, --output <format>', description: 'format', choices: FORMATS, default: 'text' },
    { flags: '--junit-file <file>', description: 'also write the report as JUnit XML to this file', file: true },
  ],
  examples: [
    { line: 'falco-talon rules test rules_test.yaml', meaning: 'the tests of one file' },
    {
      line: 'falco-talon rules test . --coverage-min 80 --junit-file report.xml',
      meaning: 'all tests below this directory, for CI',
    },
  ],
  run: testRules,
};
