import { nearest } from '@falco-talon/core';
import { matchesEverything, type Rule, type RuleFile, type RuleSet } from '../rules/rule.ts';
import type { Registry } from '../registry/registry.ts';
import { alertsOf, type Alerts } from './alerts-of.ts';
import { createConditionJudge, every } from './certainty.ts';
import type { CheckDeps } from './check-deps.ts';
import { checkRule } from './check-rule.ts';
import { appendOutput } from './append-output.ts';
import type { Coverage, CoveredRule, Finding, Response } from './coverage.ts';
import type { FalcoRule } from './falco-rule.ts';
import { switchedRules, type FalcoSettings } from './falco-settings.ts';
import { judgeCriteria } from './judged-criteria.ts';
import { findPlaces } from './places.ts';

export interface CoverageInput {
  readonly ruleSet: RuleSet;
  /** The files it was loaded from, to find places in. */
  readonly files: readonly RuleFile[];
  readonly registry: Registry;
  readonly falcoRules: readonly FalcoRule[];
  readonly settings: FalcoSettings;
  /** The configuration makes every rule a dry run. */
  readonly observe: boolean;
}

/** Each costs a look at all names. */
const SUGGESTIONS_LIMIT = 200;

/**
 * How the rules fit those of Falco: what never works, what nothing answers. Judged by what is known before there is
 * an alert, so what is reported as never is never, and what is not reported may still be rare. Pure.
 */
export function checkCoverage(input: CoverageInput): Coverage {
  const { ruleSet, files, registry, falcoRules, settings, observe } = input;
  const all = switchedRules(falcoRules, settings).map((rule) => alertsOf(rule, settings));
  const findings: Finding[] = [];
  const byName = new Map(all.map((alerts) => [alerts.rule.name, alerts]));
  let looked = 0;
  const deps: CheckDeps = {
    falco: {
      all,
      byName,
      knownFields: new Set(all.flatMap(({ fields }) => [...fields])),
    },
    registry,
    places: findPlaces(files),
    judgeCondition: createConditionJudge(),
    nearestRule: (name) => (looked++ < SUGGESTIONS_LIMIT ? nearest(name, byName.keys()) : undefined),
    report: (finding) => findings.push(finding),
  };
  const responses = new Map(all.map((alerts) => [alerts, [] as Response[]]));
  const ended = new Map<Alerts, Rule>();
  for (const rule of ruleSet.rules) {
    const answered = checkRule(rule, deps);
    const reached = answered.filter((alerts) => !ended.has(alerts));
    if (answered.length > 0 && reached.length === 0) reportUnreached(rule, answered, ended, deps);
    for (const alerts of reached) {
      if (rule.actions.length > 0) responses.get(alerts)!.push(responseOf(rule, observe));
      if (!rule.continue && alwaysMatches(rule, alerts, deps)) ended.set(alerts, rule);
    }
  }
  const rules = all.map((alerts) => coveredRule(alerts, responses.get(alerts)!));
  return {
    summary: summaryOf(rules, findings),
    findings,
    falco_rules: rules,
    append_output: appendOutput(findings, deps.falco),
  };
}

function alwaysMatches(rule: Rule, alerts: Alerts, { judgeCondition }: CheckDeps): boolean {
  if (matchesEverything(rule.match)) return true;
  const { rules } = rule.match;
  if (rules.length > 0 && !rules.includes(alerts.rule.name)) return false;
  return every(judgeCriteria(rule.match, judgeCondition), ({ certainty }) => certainty(alerts)) === true;
}

function reportUnreached(rule: Rule, answered: readonly Alerts[], ended: ReadonlyMap<Alerts, Rule>, deps: CheckDeps) {
  const before = [...new Set(answered.map((alerts) => JSON.stringify(ended.get(alerts)!.name)))];
  deps.report({
    ...rule.position,
    kind: 'unreached',
    severity: 'error',
    path: rule.name,
    message: `this rule is never tried, as the rules before it (${before.slice(0, 5).join(', ')}) match all its alerts and have continue: false`,
    rule: rule.name,
    falco_rules: answered.map((alerts) => alerts.rule.name),
    fields: [],
  });
}

function responseOf({ name, dryRun, actions }: Rule, observe: boolean): Response {
  return { rule: name, dry_run: observe || dryRun, actions: actions.map(({ actionner }) => actionner) };
}

function coveredRule({ rule, view }: Alerts, responses: readonly Response[]): CoveredRule {
  return {
    rule: rule.name,
    source: view.event.source,
    priority: rule.priority,
    tags: rule.tags,
    enabled: rule.enabled,
    file: rule.position.file,
    line: rule.position.line,
    responses,
  };
}

function summaryOf(rules: readonly CoveredRule[], findings: readonly Finding[]): Coverage['summary'] {
  const enabled = rules.filter((rule) => rule.enabled);
  const answered = enabled.filter(({ responses }) => responses.some(({ dry_run: dry }) => !dry)).length;
  const unanswered = enabled.filter(({ responses }) => responses.length === 0).length;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return {
    falco_rules: rules.length,
    enabled: enabled.length,
    answered,
    observed: enabled.length - answered - unanswered,
    unanswered,
    errors,
    warnings: findings.length - errors,
  };
}
