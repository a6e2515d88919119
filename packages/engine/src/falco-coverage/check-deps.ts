import type { Registry } from '../registry/registry.ts';
import type { Rule } from '../rules/rule.ts';
import type { Alerts } from './alerts-of.ts';
import type { JudgeCondition } from './certainty.ts';
import type { Finding } from './coverage.ts';
import { listed } from './finding-words.ts';
import type { Places, RulePlace } from './places.ts';

export interface FalcoWorld {
  /** In Falco's order. */
  readonly all: readonly Alerts[];
  readonly byName: ReadonlyMap<string, Alerts>;
  /** Fields some alert carries. */
  readonly knownFields: ReadonlySet<string>;
}

export interface CheckDeps {
  readonly falco: FalcoWorld;
  readonly registry: Registry;
  readonly places: Places;
  readonly judgeCondition: JudgeCondition;
  /** The Falco rule a misspelt name was probably meant to be. */
  readonly nearestRule: (name: string) => string | undefined;
  readonly report: (finding: Finding) => void;
}

type About = Pick<Finding, 'kind' | 'severity' | 'message' | 'fields'> & { readonly alerts: readonly Alerts[] };

/** A finding of this rule, about the alerts of these rules of Falco. */
export function reportFinding(deps: CheckDeps, rule: Rule, place: RulePlace, { alerts, ...about }: About): void {
  const { kind, severity, message, fields } = about;
  const falco = alerts.map((found) => found.rule.name);
  deps.report({ kind, severity, message, ...place, rule: rule.name, falco_rules: falco, fields });
}

export function namesOf(alerts: readonly Alerts[]): string {
  return listed(alerts.map(({ rule }) => rule.name));
}
