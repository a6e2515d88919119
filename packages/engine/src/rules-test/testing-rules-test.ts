import { compileMatcher } from '../match/matcher.ts';
import { loadRules } from '../rules/load-rules.ts';
import { shortProblems, testingRegistry } from '../rules/testing-registry.ts';
import { judgeTest, type JudgeDeps } from './judge-test.ts';
import { readTestFile, type TestCase, type TestFile } from './read-test-file.ts';
import { testEvent } from './test-event.ts';

/** For specs: the rules of a text, ready to be tested. */
export function trialOf(rules: string, options: Partial<JudgeDeps['options']> = {}): JudgeDeps {
  const { ruleSet, problems } = loadRules([{ path: 'rules.yaml', text: rules }], testingRegistry);
  if (!ruleSet) throw new Error(shortProblems(problems).join('\n'));
  return {
    ruleSet,
    matcher: compileMatcher(ruleSet),
    registry: testingRegistry,
    options: { observe: false, defaultNotifiers: [], ruleSetVersion: 'v', ...options },
  };
}

export function testFileOf(text: string): TestFile {
  const { file, problems } = readTestFile('t_test.yaml', text);
  if (!file) throw new Error(shortProblems(problems).join('\n'));
  return file;
}

/** `line:column what: expected / got`, one per difference of all tests. */
export function judged(text: string, trial: JudgeDeps): string[] {
  const file = testFileOf(text);
  return file.tests.flatMap((test) => differencesOf(test, file, trial));
}

function differencesOf(test: TestCase, file: TestFile, trial: JudgeDeps): string[] {
  const { differences } = judgeTest(test, testEvent(file.event, undefined, test.content.event), trial);
  return differences.map(
    ({ position: { line, column }, what, expected, got }) => `${line}:${column} ${what}: ${expected} / ${got}`,
  );
}
