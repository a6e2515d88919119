import { defineActionner, defineContext, definePlugin, POD_FIELDS, strictObject, Type } from '@falco-talon/core';
import { buildRegistry } from '../registry/registry.ts';
import { formatProblem } from '../rules/format-problem.ts';
import { loadRules } from '../rules/load-rules.ts';
import { checkCoverage } from './check-coverage.ts';
import type { Coverage } from './coverage.ts';
import { SHIPPED_SETTINGS, type FalcoSettings } from './falco-settings.ts';
import { readFalcoRules } from './read-falco-rules.ts';

const actionner = (
  name: string,
  requiredFields: readonly (string | readonly string[])[],
  sources: readonly string[] | 'any' = 'any',
) =>
  defineActionner({
    name,
    description: 'For specs.',
    stability: 'alpha',
    sources,
    continue: true,
    output: 'none',
    idempotent: true,
    permissions: [],
    requiredFields,
    parameters: strictObject({
      file: Type.String({ default: '' }),
      command: Type.String({ default: '' }),
      labels: Type.Array(Type.Record(Type.String(), Type.String()), { default: [] }),
    }),
    examples: [{ description: 'For specs.', parameters: { file: '', command: '', labels: [] } }],
    target: () => undefined,
    run: async () => ({ status: 'success', message: '' }),
  });

const registry = buildRegistry([
  definePlugin({
    name: 'testing',
    category: 'do',
    actionners: [
      actionner('note', []),
      actionner('pod', POD_FIELDS),
      actionner('quiet', [], ['syscalls']),
      actionner('deny', [['fd.rip', 'fd.sip'], 'k8s.pod.name']),
    ],
    contexts: [
      defineContext({
        name: 'node',
        description: '',
        elements: { 'proc.rack': '', 'user.zone': '' },
        aliases: { 'fd.shelf': 'proc.rack' },
        permissions: [],
        fetch: async () => ({}),
      }),
    ],
  }),
]);

export const FALCO = `
- rule: Shell
  priority: NOTICE
  tags: [container, shell, T1059]
  output: shell=%proc.name
- rule: Miner
  priority: CRITICAL
  tags: [container, mining]
  output: to %fd.rip
- rule: Exec
  priority: NOTICE
  source: k8s_audit
  tags: [k8s]
  output: '%ka.target.name of %ka.target.namespace'
- rule: Login
  priority: INFO
  source: okta
  output: '%okta.user'
- rule: Off
  priority: ERROR
  output: x
  enabled: false
`;

/** Rules text, checked against these rules of Falco. */
export function cover(rules: string, settings: Partial<FalcoSettings> = {}, falco = FALCO): Coverage {
  const files = [{ path: 'r.yaml', text: rules }];
  const { ruleSet, problems } = loadRules(files, registry);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (!ruleSet) throw new Error(errors.map((problem) => formatProblem(problem)).join('\n'));
  const read = readFalcoRules([{ path: 'falco.yaml', text: falco }]);
  if (read.problems.length > 0) throw new Error(read.problems.map((problem) => formatProblem(problem)).join('\n'));
  return checkCoverage({
    ruleSet,
    files,
    registry,
    falcoRules: read.rules,
    settings: { ...SHIPPED_SETTINGS, ...settings },
    observe: false,
  });
}

/** `error unknown_rule Falco has no rule …` */
export function findingsOf(rules: string, settings: Partial<FalcoSettings> = {}): string[] {
  return cover(rules, settings).findings.map(({ severity, kind, message }) => `${severity} ${kind} ${message}`);
}

/** What stands where the findings point to, up to the end of the word. */
export function placesOf(rules: string): string[] {
  const lines = rules.split('\n');
  return cover(rules).findings.map(({ line, column, path }) => {
    const [word] = /^.[^,\]}]*/.exec(lines[line - 1]!.slice(column - 1))!;
    return `${word} (${path})`;
  });
}

/** A rule with one action that needs nothing, its match on the second line. */
export function matching(match: string, actionnerName = 'note', more = ''): string {
  return `- rule: R\n  match: ${match}\n  actions: [{action: a, actionner: do:${actionnerName}${more}}]\n`;
}
