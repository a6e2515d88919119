import { fit } from '@falco-talon/core';
import { createReport, type Report } from '../rules/report.ts';
import type { Position, Problem } from '../rules/rule.ts';
import { readYaml } from '../rules/yaml-document.ts';
import { placeOfIssue, plainValue, type YamlEntry } from '../rules/yaml-node.ts';
import { testFileSchema, type TestContent, type TestFileContent } from './test-file-schema.ts';

type Path = readonly (string | number)[];

/** A test file without a mistake in itself. What it expects of rules is judged elsewhere. */
export interface TestFile {
  readonly path: string;
  /** As seen from the file; undefined when it leaves them to whoever runs it. */
  readonly rules: readonly string[] | undefined;
  /** What the alerts of all its tests have in common. */
  readonly event: TestFileContent['event'];
  readonly tests: readonly TestCase[];
}

export interface TestCase {
  readonly name: string;
  /** Of its name. */
  readonly position: Position;
  readonly content: TestContent;
  /** Where something in it stands, or the nearest thing around it that does. */
  at(...path: Path): Position;
}

export interface ReadTestFile {
  /** Undefined when there is a problem. */
  readonly file: TestFile | undefined;
  readonly problems: readonly Problem[];
}

/** Reads the text of a test file; all its mistakes are told at once. Pure. */
export function readTestFile(path: string, text: string): ReadTestFile {
  const report = createReport();
  const { root, source, problems } = readYaml(path, text);
  report.add(problems);
  if (problems.length > 0) return { file: undefined, problems };
  if (root?.kind !== 'map') {
    const message = root?.kind === 'list' ? LIST : EMPTY;
    report.add([{ ...source.position(root?.place.offset ?? 0), severity: 'error', path: '', message }]);
    return { file: undefined, problems: report.all([path]) };
  }
  const entry: YamlEntry = { key: root.place, value: root };
  const { value, issues } = fit(testFileSchema, plainValue(root));
  report.issues(entry, issues, value);
  if (issues.length > 0) return { file: undefined, problems: report.all([path]) };

  const at = (where: Path): Position => {
    const { source: found, offset } = placeOfIssue(entry, where, value);
    return found.position(offset);
  };
  reportDoubts(value, entry, report);
  const doubts = report.all([path]);
  if (doubts.length > 0) return { file: undefined, problems: doubts };
  const tests = value.tests.map((content, index) => ({
    name: content.test,
    position: at(['tests', index, 'test']),
    content,
    at: (...where: Path) => at(['tests', index, ...where]),
  }));
  return { file: { path, rules: value.rules, event: value.event, tests }, problems: [] };
}

const KEYS = 'a test file is a map with the key tests';
const LIST = `${KEYS}; a list of rules is a rules file, which belongs under its key rules`;
const EMPTY = `${KEYS}, a list of tests that each begin with - test: NAME`;

/** A name stands for one test in reports, a rule matches once, and every test has an alert. */
function reportDoubts(content: TestFileContent, entry: YamlEntry, report: Report): void {
  const error = (path: Path, message: string) => report.error(placeOfIssue(entry, path, content), message);
  const names = new Set<string>();
  for (const [index, { test, event, event_file, expect }] of content.tests.entries()) {
    if (names.has(test)) error(['tests', index, 'test'], `another test of this file is called ${JSON.stringify(test)}`);
    names.add(test);
    if (event === undefined && event_file === undefined && content.event === undefined) {
      error(['tests', index, 'test'], 'which alert is it about? write event with at least its rule, or event_file');
    }
    const rules = new Set<string>();
    for (const [n, item] of expect === 'none' ? [] : expect.entries()) {
      const name = typeof item === 'string' ? item : item.rule;
      if (rules.has(name)) error(['tests', index, 'expect', n], `${JSON.stringify(name)} is listed twice`);
      rules.add(name);
    }
  }
}
