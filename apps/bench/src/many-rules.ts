import { buildRegistry, loadRules, type RuleSet } from '@falco-talon/engine';
import actionners from '@falco-talon/actionner-kubernetes';

/** The `match` of the nth rule. */
export type MatchOf = (n: number) => string;

export const CRITERIA: MatchOf = (n) =>
  `{ rules: [Rule ${n}], priority: ">=Notice", output_fields: ["k8s.ns.name!=kube-system"] }`;

export const CONDITION: MatchOf = (n) =>
  `{ condition: 'rule = "Rule ${n}" and priority >= Notice and not k8s.ns.name in (kube-system)' }`;

/** Rules for alerts of any name, as people write them: about a team, an image, a tool, a port, whatever is severe. */
const WITHOUT_NAME: readonly MatchOf[] = [
  (n) => `{ output_fields: ["k8s.ns.name=team-${n}"] }`,
  (n) => `{ tags: ["team_${n}, shell"], priority: ">=Notice" }`,
  () => '{ priority: ">=Critical", source: syscall }',
  (n) => `{ condition: 'proc.name in (tool-${n}, other-${n}) and k8s.ns.name != kube-system' }`,
  (n) => `{ condition: 'fd.rport = ${4000 + n} and not fd.rip startswith "10."' }`,
  (n) => `{ condition: 'k8s.ns.name = shop-${n} and container.image.repository startswith "registry.example.com/"' }`,
  (n) => `{ condition: 'ka.verb in (create, patch) and ka.target.namespace = team-${n}' }`,
  (n) => `{ condition: '(proc.name = nc or proc.pname = nc-${n}) and priority >= Warning' }`,
];

export const NAMELESS: MatchOf = (n) => WITHOUT_NAME[n % WITHOUT_NAME.length]!(n);

export const registry = buildRegistry([actionners]);

/** A rules file with so many rules, as they are written. */
export function rulesText(count: number, matchOf: MatchOf): string {
  return Array.from(
    { length: count },
    (_, n) => `- rule: r${n}
  description: Answers rule ${n}
  match: ${matchOf(n)}
  actions:
    - action: Label ${n}
      actionner: kubernetes:label
      parameters: { labels: { analysis/status: "s${n}" } }
`,
  ).join('');
}

export function ruleSetOf(count: number, matchOf: MatchOf): RuleSet {
  const { ruleSet, problems } = loadRules([{ path: 'rules.yaml', text: rulesText(count, matchOf) }], registry);
  if (!ruleSet) throw new Error(problems.map(({ message }) => message).join('\n'));
  return ruleSet;
}
