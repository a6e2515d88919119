import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// Only for the type check: the fixtures run in a process of their own.
import type {} from './fixtures/bad-actionners.fixture.ts';
import type {} from './fixtures/bad-guards.fixture.ts';
import type {} from './fixtures/bad-kubernetes.fixture.ts';
import type {} from './fixtures/bad-parts.fixture.ts';
import { beforeAll, describe, expect, it } from 'vitest';

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/** Titles of the failed tests, by suite. */
const failed = new Map<string, string[]>();

beforeAll(async () => {
  const report = await runFixtures();
  for (const { ancestorTitles, title, status } of report.testResults.flatMap(
    ({ assertionResults }) => assertionResults,
  )) {
    const suite = ancestorTitles[0] ?? '';
    const titles = failed.get(suite) ?? [];
    if (status !== 'passed') titles.push(title);
    failed.set(suite, titles);
  }
}, 60_000);

/** Runs the fixtures in a process of their own: most of their tests are meant to fail, and so is the process. */
async function runFixtures(): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  const file = join(folder, 'report.json');
  const command = join(import.meta.dirname, '../../../../node_modules/vitest/vitest.mjs');
  const config = join(import.meta.dirname, 'fixtures/vitest.config.ts');
  const argv = [command, 'run', '--config', config, '--reporter=json', `--outputFile=${file}`];
  await new Promise<void>((resolve) => execFile(process.execPath, argv, { env: {} }, () => resolve()));
  const report = JSON.parse(await readFile(file, 'utf8')) as Report;
  await rm(folder, { recursive: true });
  return report;
}

describe('a part that conforms', () => {
  it.each(['actionner good conforms', 'output good conforms', 'guard good conforms'])('passes: %s', (suite) => {
    expect(failed.get(suite)).toEqual([]);
  });
});

describe('a part that breaks one promise', () => {
  it.each([
    ['actionner loose-schema', 'takes only parameters it knows'],
    ['actionner undescribed', 'takes only parameters it knows'],
    ['actionner wrong-default', 'takes only parameters it knows'],
    ['actionner wrong-example', 'has examples that fit'],
    ['actionner failing-example', 'runs its example'],
    ['actionner wrong-facts', 'runs its example'],
    ['actionner impure-target', 'finds its target'],
    ['actionner throwing-target', 'finds its target'],
    ['actionner acting-check', 'changes nothing in a dry run'],
    ['actionner deaf-check', 'stops within 100 ms of the abort when the service hangs'],
    ['actionner deaf-run', 'stops within 100 ms of the abort when the service hangs after the check'],
    ['actionner unknown-source', 'is given an alert of each source'],
    ['actionner silent-output', 'keeps artifacts exactly'],
    ['actionner needless-artifact', 'keeps artifacts exactly'],
    ['actionner forgetful', 'knows after a crash that it was done'],
    ['actionner overconfident', 'knows after a crash that it was not done yet'],
    ['actionner empty-permission', 'names the permissions'],
    ['actionner without-permission', 'names the permissions'],
    ['actionner leaking', 'leaves no socket, timer or file'],
    ['actionner once-only', 'may be repeated'],
    ['output half', 'stores nothing when the artifact cannot be read'],
    ['output renaming', 'stores the same key again over itself'],
    ['output altering', 'stores every byte'],
    ['notifier fragile', 'delivers whatever an alert may hold'],
    ['notifier fragile', 'stops within 100 ms'],
    ['notifier picky', 'delivers a record of every status'],
    ['context surprising', 'only the elements it announces'],
    ['guard fragile', 'judges whatever an alert or a target may hold'],
    ['guard lenient', 'judges: a protected namespace'],
    ['guard silent', 'judges: a protected namespace'],
    ['guard endless', 'judges: a protected namespace'],
    ['guard mumbling', 'judges: a protected namespace'],
    ['guard moody', 'judges the same step the same way again'],
    ['guard one-sided', 'is given a step it allows and one it does not'],
    ['guard deaf', 'stops within 100 ms of the abort when the service hangs'],
    ['guard leaking', 'leaves no socket or timer behind'],
    ['guard nameless', 'has a name and a description'],
    ['guard undescribed', 'takes only settings it knows, describes each'],
    ['plugin nameless', 'is accepted by the registry'],
  ])('is found out: %s: %s', (suite, title) => {
    expect(failed.get(`${suite} conforms`)).toContainEqual(expect.stringContaining(title));
  });
});

describe('an actionner of Kubernetes', () => {
  const rights = (name: string) => `the rights of actionner ${name}`;
  const names = (name: string) => `actionner ${name} and names an attacker chose`;

  it.each([rights('good-with-pods'), names('good-with-pods')])('passes: %s', (suite) => {
    expect(failed.get(suite)).toEqual([]);
  });

  it.each([
    [rights('greedy'), 'without list pods it says so'],
    [rights('hoarding'), 'are shown to be needed'],
    [rights('modest'), 'are enough'],
    [rights('swallowing'), 'without delete pods it says so'],
    [rights('mumbling'), 'without delete pods it says so'],
    [names('straying'), 'kube-system'],
    [names('shelling'), '$(touch'],
    [names('naming'), '-rf'],
  ])('is found out: %s: %s', (suite, title) => {
    expect(failed.get(suite)).toContainEqual(expect.stringContaining(title));
  });
});
