import { printable } from '@falco-talon/engine';
import type { FileResult, TestReport, TestResult } from './results.ts';
import { failureLines } from './text-report.ts';

/** The report as CI systems read it: JUnit's XML, a suite per file. */
export function junitReport({ files, passed, failed, broken }: TestReport): string {
  const errors = broken + files.flatMap(({ tests }) => tests).filter(({ error }) => error !== undefined).length;
  const attributes = attributesOf({
    name: 'falco-talon rules test',
    tests: passed + failed + broken,
    failures: failed + broken - errors,
    errors,
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes}>\n${files.map(suite).join('')}</testsuites>\n`;
}

function suite({ path, tests, problems }: FileResult): string {
  const broken = problems.length > 0;
  const errors = tests.filter(({ error }) => error !== undefined).length;
  const attributes = attributesOf({
    name: path,
    file: path,
    tests: tests.length + Number(broken),
    failures: tests.filter(({ passed }) => !passed).length - errors,
    errors: errors + Number(broken),
    time: seconds(tests.reduce((sum, test) => sum + test.seconds, 0)),
  });
  const file = broken ? brokenCase(path, problems) : '';
  return `  <testsuite${attributes}>\n${file}${tests.map(testCase).join('')}  </testsuite>\n`;
}

/** A file that could not be run must not look like one without tests. */
function brokenCase(path: string, problems: readonly string[]): string {
  const attributes = attributesOf({ classname: path, name: 'the file can be run', file: path });
  const lines = problems.flatMap((problem) => problem.split('\n'));
  return `    <testcase${attributes}>\n${outcome('error', lines)}    </testcase>\n`;
}

function testCase(test: TestResult): string {
  const { position, passed, error, differences } = test;
  const attributes = attributesOf({
    classname: position.file,
    name: test.name,
    file: position.file,
    line: position.line,
    time: seconds(test.seconds),
  });
  if (passed) return `    <testcase${attributes}/>\n`;
  const lines = failureLines(test).map(({ text }) => text);
  const [first] = differences;
  const message = first && `${first.what}: expected ${first.expected}, got ${first.got}`;
  return `    <testcase${attributes}>\n${outcome(error ? 'error' : 'failure', lines, message)}    </testcase>\n`;
}

function outcome(kind: 'failure' | 'error', lines: readonly string[], message = lines[0] ?? ''): string {
  const text = lines.map(xmlText).join('\n');
  return `      <${kind}${attributesOf({ message, type: kind })}>${text}</${kind}>\n`;
}

function seconds(time: number): string {
  return time.toFixed(3);
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${xmlText(String(value))}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // No XML can hold these two, however they are written.
  '\uFFFE': '\\u{fffe}',
  '\uFFFF': '\\u{ffff}',
};

/** What else no XML can hold (controls, lone surrogates), `printable` writes out. */
function xmlText(text: string): string {
  return printable(text).replaceAll(/[&<>"'\uFFFE\uFFFF]/g, (character) => ENTITIES[character]!);
}
