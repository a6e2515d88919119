import { printable, type RulesCoverage } from '@falco-talon/engine';
import type { Paint } from '../colour.ts';
import { placeText, type FileResult, type TestReport, type TestResult } from './results.ts';

export function fileText({ path, tests }: FileResult, paint: Paint): string {
  if (tests.length === 0) return '';
  return `${[printable(path), ...tests.flatMap((test) => testLines(test, paint))].join('\n')}\n`;
}

function testLines(test: TestResult, paint: Paint): string[] {
  const name = printable(test.name);
  if (test.passed) return [`  ${paint('good', '✓')} ${name}`];
  return [
    `  ${paint('bad', `✗ ${name}`)}`,
    ...failureLines(test).map(({ text, style }) => `      ${style ? paint(style, text) : text}`),
  ];
}

interface Line {
  readonly text: string;
  readonly style?: 'good' | 'bad' | 'aside';
}

/** What was expected, what came instead, and why; each with its place in the test file. */
export function failureLines({ differences, error }: TestResult): readonly Line[] {
  if (error) return [{ text: printable(`${placeText(error.position)}: ${error.message}`) }];
  return differences.flatMap(({ position, what, expected, got, because }) => [
    { text: printable(`${placeText(position)}: ${what}`) },
    { text: `  - expected: ${printable(expected)}`, style: 'good' },
    { text: `  + got:      ${printable(got)}`, style: 'bad' },
    ...because.map((line): Line => ({ text: `      ${printable(line)}`, style: 'aside' })),
  ]);
}

export function summaryText({ passed, failed, broken, coverage }: TestReport, paint: Paint): string {
  const total = passed + failed;
  const counts = [
    ...(passed > 0 ? [paint('good', `${passed} passed`)] : []),
    ...(failed > 0 ? [paint('bad', `${failed} failed`)] : []),
    ...(broken > 0 ? [paint('bad', `${broken} ${broken === 1 ? 'file' : 'files'} not run`)] : []),
  ];
  const lines = [`${total} ${total === 1 ? 'test' : 'tests'}: ${counts.join(', ') || 'nothing to do'}`];
  if (coverage) lines.push(...coverageLines(coverage));
  return `${lines.join('\n')}\n`;
}

function coverageLines({ rules, actions, unmatched, idle }: RulesCoverage): string[] {
  const share = ({ covered, all, percent }: RulesCoverage['rules'], what: string) =>
    `${covered} of ${all} ${what} (${percent} %)`;
  return [
    `Coverage: ${share(rules, 'rules')} matched, ${share(actions, 'actions')} ran`,
    ...unmatched.map(({ rule, position }) =>
      printable(`  no test makes the rule ${JSON.stringify(rule)} match (${placeText(position)})`),
    ),
    ...idle.map(({ rule, action, position }) =>
      printable(
        `  no test makes the action ${JSON.stringify(action)} of the rule ${JSON.stringify(rule)} run (${placeText(position)})`,
      ),
    ),
  ];
}
