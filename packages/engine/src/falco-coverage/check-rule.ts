import type { Context } from '@falco-talon/core';
import { possibleRules } from '../match/possible-rules.ts';
import type { Registry } from '../registry/registry.ts';
import type { Rule, RuleAction } from '../rules/rule.ts';
import type { Alerts } from './alerts-of.ts';
import { absentFields, type JudgeCondition } from './certainty.ts';
import { checkCriteria } from './check-criteria.ts';
import type { Finding } from './coverage.ts';
import { listed, listedFields } from './finding-words.ts';
import { judgeCriteria } from './judged-criteria.ts';
import { missingFields, type Missing } from './missing-fields.ts';
import type { Places, RulePlace } from './places.ts';
import { contextTokens } from './used-tokens.ts';

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

/** Reports what never works in a rule, and returns the enabled rules of Falco whose alerts it may match. */
export function checkRule(rule: Rule, deps: CheckDeps): readonly Alerts[] {
  const { falco, places, judgeCondition } = deps;
  const names = possibleRules(rule.match);
  const named = names && [...names].flatMap((name) => falco.byName.get(name) ?? []);
  const enabled = falco.all.filter(({ rule: { enabled: on } }) => on);
  if (names) checkNames(rule, [...names], deps);
  const candidates = named ?? enabled;
  if (candidates.length === 0) return [];

  const criteria = judgeCriteria(rule.match, judgeCondition);
  const input = { alerts: candidates, named: named !== undefined, all: enabled, knownFields: falco.knownFields };
  const possible = checkCriteria(criteria, input, ({ kind, index, alerts, ...finding }) =>
    report(deps, rule, places.criterion(rule, kind, index), { ...finding, kind, alerts }),
  );
  checkExclusions(rule, possible, named !== undefined, deps);
  for (const action of rule.actions) checkAction(rule, action, possible, deps);
  return possible.filter(({ rule: { enabled: on } }) => on);
}

type About = Pick<Finding, 'kind' | 'severity' | 'message' | 'fields'> & { readonly alerts: readonly Alerts[] };

function report(deps: CheckDeps, rule: Rule, place: RulePlace, { alerts, ...about }: About): void {
  const { kind, severity, message, fields } = about;
  const falco = alerts.map((found) => found.rule.name);
  deps.report({ kind, severity, message, ...place, rule: rule.name, falco_rules: falco, fields });
}

/** Names of no rule, and of rules that send no alert. */
function checkNames(rule: Rule, names: readonly string[], deps: CheckDeps): void {
  const { byName } = deps.falco;
  const alive = names.some((name) => byName.get(name)?.rule.enabled === true);
  for (const name of names) {
    const found = byName.get(name);
    if (found?.rule.enabled === true) continue;
    const place = deps.places.falcoRule(rule, name);
    const none = { fields: [], alerts: found ? [found] : [] };
    if (!found) {
      const hint = deps.nearestRule(name);
      const suggestion = hint === undefined ? '' : `; did you mean ${JSON.stringify(hint)}?`;
      const message = `Falco has no rule ${JSON.stringify(name)} in these files${suggestion}`;
      report(deps, rule, place, { ...none, kind: 'unknown_rule', severity: 'error', message });
      continue;
    }
    const { enabledAt } = found.rule;
    const where = enabledAt ? ` (${enabledAt.file}:${enabledAt.line})` : '';
    const message = `Falco's rule ${JSON.stringify(name)} is disabled${where}, so it sends no alert; enable it, or take it out here`;
    report(deps, rule, place, { ...none, kind: 'disabled_rule', severity: alive ? 'warning' : 'error', message });
  }
}

/** `!=` and `not` about a field that is never there exclude nothing. */
function checkExclusions(rule: Rule, possible: readonly Alerts[], named: boolean, deps: CheckDeps): void {
  const { outputFields, condition } = rule.match;
  const concerned = (field: string, alerts: readonly Alerts[]) =>
    named ? alerts.length > 0 : alerts.length === possible.length && field !== '';
  for (const [index, group] of outputFields.entries()) {
    for (const { field, operator } of group) {
      const without = operator === '!=' ? possible.filter(({ fields }) => !fields.has(field)) : [];
      if (without.length === 0 || !concerned(field, without)) continue;
      const message = `this always holds for ${namesOf(without)}, whose alerts never carry ${fieldWords(field, deps)}`;
      const about = { kind: 'output_fields', severity: 'warning', message, fields: [field], alerts: without } as const;
      report(deps, rule, deps.places.criterion(rule, 'output_fields', index), about);
    }
  }
  if (!condition) return;
  const absent = new Map<string, Alerts[]>();
  for (const alerts of possible)
    for (const field of absentFields(condition, alerts, true))
      absent.set(field, [...(absent.get(field) ?? []), alerts]);
  for (const [field, without] of absent) {
    if (!concerned(field, without)) continue;
    const message = `excluding by ${field} excludes nothing for ${namesOf(without)}, whose alerts never carry ${fieldWords(field, deps)}`;
    const about = { kind: 'condition', severity: 'warning', message, fields: [field], alerts: without } as const;
    report(deps, rule, deps.places.criterion(rule, 'condition'), about);
  }
}

/** What an action needs and alerts of some rule never carry. */
function checkAction(rule: Rule, action: RuleAction, possible: readonly Alerts[], deps: CheckDeps): void {
  const { registry, falco, places } = deps;
  const actionner = registry.actionners.get(action.actionner)?.part;
  if (!actionner) return;
  const contexts = action.contexts
    .map((name) => registry.contexts.get(name)?.part)
    .filter((part) => part !== undefined);
  const tokens = contextTokens(contexts satisfies readonly Context[]);
  const groups = new Map<string, { readonly missing: readonly Missing[]; readonly alerts: Alerts[] }>();
  for (const alerts of possible) {
    const all = missingFields(action, actionner, tokens, falco.knownFields, alerts);
    for (const missing of [all.filter(({ field }) => field !== undefined), all.filter(({ field }) => !field)]) {
      if (missing.length === 0) continue;
      const key = JSON.stringify(missing);
      const group = groups.get(key) ?? { missing, alerts: [] };
      groups.set(key, group);
      group.alerts.push(alerts);
    }
  }
  for (const { missing, alerts } of groups.values()) {
    const fields = missing.flatMap(({ field }) => field ?? []);
    const remedy =
      fields.length === 0
        ? 'and no setting of Falco adds that'
        : `unless append_output in falco.yaml adds it: extra_fields: [${fields.join(', ')}]`;
    const needs = missing.map(({ words }) => words).join(', and ');
    report(deps, rule, places.action(rule, action.name), {
      kind: 'missing_field',
      severity: alerts.length === possible.length ? 'error' : 'warning',
      message: `${action.actionner} needs ${needs}, which alerts of ${namesOf(alerts)} never carry, ${remedy}`,
      fields,
      alerts,
    });
  }
}

function fieldWords(field: string, { falco }: CheckDeps): string {
  return listedFields([field], falco.knownFields);
}

function namesOf(alerts: readonly Alerts[]): string {
  return listed(alerts.map(({ rule }) => rule.name));
}
