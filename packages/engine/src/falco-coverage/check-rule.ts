import { didYouMean } from '@falco-talon/core';
import { possibleRules } from '../match/possible-rules.ts';
import type { Rule } from '../rules/rule.ts';
import type { Alerts } from './alerts-of.ts';
import { absentFields } from './certainty.ts';
import { checkAction } from './check-action.ts';
import { checkCriteria } from './check-criteria.ts';
import { namesOf, reportFinding, type CheckDeps } from './check-deps.ts';
import { listedFields } from './finding-words.ts';
import { judgeCriteria } from './judged-criteria.ts';

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
    reportFinding(deps, rule, places.criterion(rule, kind, index), { ...finding, kind, alerts }),
  );
  checkExclusions(rule, possible, named !== undefined, deps);
  for (const action of rule.actions) checkAction(rule, action, possible, deps);
  return possible.filter(({ rule: { enabled: on } }) => on);
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
      const suggestion = didYouMean(hint && JSON.stringify(hint));
      const message = `Falco has no rule ${JSON.stringify(name)} in these files${suggestion}`;
      reportFinding(deps, rule, place, { ...none, kind: 'unknown_rule', severity: 'error', message });
      continue;
    }
    const { enabledAt } = found.rule;
    const where = enabledAt ? ` (${enabledAt.file}:${enabledAt.line})` : '';
    const message = `Falco's rule ${JSON.stringify(name)} is disabled${where}, so it sends no alert; enable it, or take it out here`;
    reportFinding(deps, rule, place, {
      ...none,
      kind: 'disabled_rule',
      severity: alive ? 'warning' : 'error',
      message,
    });
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
      reportFinding(deps, rule, deps.places.criterion(rule, 'output_fields', index), about);
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
    reportFinding(deps, rule, deps.places.criterion(rule, 'condition'), about);
  }
}

function fieldWords(field: string, { falco }: CheckDeps): string {
  return listedFields([field], falco.knownFields);
}
