import {
  buildRegistry,
  compileMatcher,
  decodeAlert,
  formatProblem,
  loadRules,
  planEvent,
  type Plan,
  type PlannedStep,
} from '@falco-talon/engine';
import { describe, expect, it } from 'vitest';
import { plugins } from '../plugins.ts';

/** One row: a sentence about rules, rules, an alert, and what comes of it. */
export interface Case {
  /** What is shown, in the words of a user. */
  readonly says: string;
  /** One file, or several by their names, in order. */
  readonly rules: string | Readonly<Record<string, string>>;
  /** JSON text, where digits count; default: an alert of a shell in the pod shop/cart-0. */
  readonly alert?: Readonly<Record<string, unknown>> | string;
  /** The rules that match, in order. */
  readonly matches?: readonly string[];
  /** All steps in order, each with the keys that matter here. */
  readonly plan?: readonly Partial<PlannedStep>[];
  /** Pieces of the problems, errors and warnings, in order; none when absent. Each begins with its place: `rules.yaml:3:5`. */
  readonly problems?: readonly (readonly [place: string, ...pieces: string[]])[];
  readonly defaultNotifiers?: readonly string[];
  readonly observe?: boolean;
}

const registry = buildRegistry((await plugins()).map((module) => module.default));

export const SHELL = {
  rule: 'Terminal shell in container',
  priority: 'Notice',
  source: 'syscall',
  hostname: 'node-1',
  tags: ['container', 'shell', 'mitre_execution', 'T1059'],
  output: '10:31:12.000000001: Notice A shell was spawned',
  output_fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart-0', 'proc.name': 'bash', 'user.uid': 1000 },
};

/** An action that is always right. */
export const LABEL = '{action: Label, actionner: kubernetes:label, parameters: {labels: {suspect: "yes"}}}';

/** A rule `r` with this match (a YAML flow value), for this alert: whether it matches. */
export function match(says: string, text: string, alert: Case['alert'], holds: boolean): Case {
  return {
    says,
    rules: `- rule: r\n  match: ${text}\n  actions: [${LABEL}]\n`,
    ...(alert === undefined ? {} : { alert }),
    matches: holds ? ['r'] : [],
  };
}

/** The usual alert with these output fields beside its own. */
export const fields = (more: Readonly<Record<string, unknown>>) => ({
  ...SHELL,
  output_fields: { ...SHELL.output_fields, ...more },
});

/** The usual alert without these keys. */
export const without = (...keys: readonly string[]) =>
  Object.fromEntries(Object.entries(SHELL).filter(([key]) => !keys.includes(key)));
export const tagged = (...tags: readonly string[]) => ({ ...SHELL, tags });
export const urgent = (priority: unknown) => ({ ...SHELL, priority });
export const from = (source: unknown) => ({ ...SHELL, source });

interface Judged {
  readonly problems: readonly string[];
  readonly plan: Plan | undefined;
}

function judge({ rules, alert = SHELL, defaultNotifiers = [], observe = false }: Case): Judged {
  const files = Object.entries(typeof rules === 'string' ? { 'rules.yaml': rules } : rules);
  const loaded = loadRules(
    files.map(([path, text]) => ({ path, text })),
    registry,
  );
  const problems = loaded.problems.map((problem) => formatProblem(problem));
  if (loaded.ruleSet === undefined) return { problems, plan: undefined };
  const text = typeof alert === 'string' ? alert : JSON.stringify(alert);
  const event = decodeAlert(Buffer.from(text), { id: 'e', traceId: '0'.repeat(32), receivedAt: 0 });
  const options = { observe, defaultNotifiers, ruleSetVersion: loaded.ruleSet.version };
  return { problems, plan: planEvent(event, compileMatcher(loaded.ruleSet).match(event), options) };
}

/** One test for each row. */
export function testCases(title: string, cases: readonly Case[]): void {
  describe(`rules: ${title}`, () => {
    it.each(cases.map((one) => [one.says, one] as const))('%s', (_, one) => {
      const { problems, plan } = judge(one);
      const expected = one.problems ?? [];
      expect(problems, problems.join('\n')).toHaveLength(expected.length);
      for (const [index, [place, ...pieces]] of expected.entries()) {
        expect(problems[index]!.startsWith(`${place}: `), `${problems[index]} is not at ${place}`).toBe(true);
        for (const piece of pieces) expect(problems[index]).toContain(piece);
      }
      const isValid = one.matches !== undefined || one.plan !== undefined;
      expect(plan !== undefined, 'whether the rules can be used').toBe(isValid);
      const matched = plan?.chains.map(({ rule }) => rule);
      const steps = plan?.chains.flatMap((chain) => chain.steps);
      expect(matched).toEqual(one.matches ?? matched);
      expect(steps ?? []).toMatchObject(one.plan ?? steps ?? []);
    });
  });
}
