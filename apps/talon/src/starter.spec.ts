import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildRegistry,
  checkCoverage,
  compileMatcher,
  decodeAlert,
  explainEvent,
  formatProblem,
  loadRules,
  readFalcoRules,
  readRuleFiles,
  SHIPPED_SETTINGS,
  type Matcher,
} from '@falco-talon/engine';
import { describe, expect, it } from 'vitest';
import { plugins } from './plugins.ts';
import { runIn } from './testing-run.ts';

const repository = join(import.meta.dirname, '../../..');
const FACTS = join(import.meta.dirname, 'falco-rules.fixture.yaml');
const registry = buildRegistry((await plugins()).map((module) => module.default));
const { rules: falcoRules } = readFalcoRules((await readRuleFiles([FACTS])).files);

async function load(path: string) {
  const { files } = await readRuleFiles([join(repository, path)]);
  const { ruleSet, problems } = loadRules(files, registry);
  expect(problems.map((problem) => formatProblem(problem))).toEqual([]);
  const coverage = checkCoverage({
    ruleSet: ruleSet!,
    files,
    registry,
    falcoRules,
    settings: SHIPPED_SETTINGS,
    observe: false,
  });
  return { ruleSet: ruleSet!, coverage };
}

const starter = await load('examples/starter');
const matcher = compileMatcher(starter.ruleSet);

function planOf(
  rule: (typeof falcoRules)[number],
  fields: Readonly<Record<string, unknown>>,
  rules: Matcher = matcher,
) {
  const { name, priority, source, tags } = rule;
  const alert = { rule: name, priority, source, tags, output_fields: fields };
  const event = decodeAlert(Buffer.from(JSON.stringify(alert)), { id: 'e', traceId: 't', receivedAt: 0 });
  const options = { observe: false, defaultNotifiers: [], ruleSetVersion: '' };
  return explainEvent(event, { matcher: rules, registry, options }).plan;
}

const shop = { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart-x2x9z' };

describe('the starter rules', () => {
  it("answer each rule that Falco's own file enables, and leave nothing to be said", () => {
    const { summary, findings } = starter.coverage;
    const unanswered = starter.coverage.falco_rules.filter(({ responses }) => responses.length === 0);
    expect(findings).toEqual([]);
    expect(unanswered.map(({ rule }) => rule)).toEqual([
      'Detect outbound connections to common miner pool ports',
      'Detect crypto miners using the Stratum protocol',
      'Known Cryptominer Process Executed',
      'Create NodePort Service',
    ]);
    expect(summary).toMatchObject({ answered: 0, observed: 25 });
  });

  it('are tried out until somebody says otherwise', () => {
    expect(starter.ruleSet.rules.filter(({ dryRun }) => !dryRun)).toEqual([]);
  });

  it.each(starter.ruleSet.rules.map(({ name, actions }) => [name, actions] as const))(
    '%s: an alert of each Falco rule it answers gets a plan',
    (name, actions) => {
      const answered = falcoRules.filter((rule) =>
        starter.coverage.falco_rules.some(
          (covered) => covered.rule === rule.name && covered.responses.some(({ rule: own }) => own === name),
        ),
      );
      expect(answered).not.toEqual([]);
      for (const rule of answered) {
        const steps = planOf(rule, shop).filter((step) => step.rule === name);
        expect(steps.map(({ actionner }) => actionner)).toEqual(actions.map(({ actionner }) => actionner));
        expect(steps.every(({ dry_run: dry }) => dry)).toBe(true);
      }
    },
  );

  it("leave the cluster's own namespaces and processes of the node alone", () => {
    for (const rule of falcoRules) {
      expect(planOf(rule, { ...shop, 'k8s.ns.name': 'kube-system' })).toEqual([]);
      expect(planOf(rule, { 'k8s.ns.name': null, 'k8s.pod.name': null })).toEqual([]);
    }
  });

  it('read the log first, and act on the pod after that', () => {
    const escape = falcoRules.find(({ name }) => name === 'Detect release_agent File Container Escapes')!;
    expect(planOf(escape, shop).map(({ actionner }) => actionner)).toEqual([
      'kubernetes:log',
      'kubernetes:label',
      'kubernetes:networkpolicy',
      'kubernetes:cordon',
      'kubernetes:terminate',
    ]);
  });
});

it('go from observing to acting with the file that docs/starting.md shows', async () => {
  const guide = await readFile(join(repository, 'docs/starting.md'), 'utf8');
  const [, own] = /^```yml\n([^]*?)^```$/m.exec(guide)!;
  const { files } = await readRuleFiles([join(repository, 'examples/starter')]);
  const { ruleSet, problems } = loadRules([...files, { path: 'my-rules.yaml', text: own! }], registry);
  expect(problems).toEqual([]);
  const acting = ruleSet!.rules.filter(({ dryRun }) => !dryRun);
  expect(acting.map(({ name, actions }) => [name, actions.length])).toEqual([['Evidence of an interactive shell', 2]]);
  const shell = falcoRules.find(({ name }) => name === 'Terminal shell in container')!;
  const ours = compileMatcher(ruleSet!);
  expect(planOf(shell, shop, ours).map(({ dry_run: dry }) => dry)).toEqual([false, false]);
  expect(planOf(shell, { ...shop, 'k8s.ns.name': 'monitoring' }, ours)).toEqual([]);
  expect(planOf(shell, { ...shop, 'k8s.ns.name': 'kube-system' }, ours)).toEqual([]);
});

it('examples/rules.yaml names rules that Falco has and enables', async () => {
  const { coverage } = await load('examples/rules.yaml');
  expect(coverage.findings).toEqual([]);
});

it('the command says so too', async () => {
  const argv = ['rules', 'coverage', '-r', 'examples/starter', '--falco-rules', FACTS];
  const { code, output, errors } = await runIn(repository, argv);
  expect([code, errors]).toEqual([0, '']);
  expect(output).toContain('29 rules of Falco, 28 enabled: 0 answered, 25 in a dry run only, 3 without a response\n');
});
