import type { Actionner } from '@falco-talon/core';
import { normaliseSource } from '../match/source.ts';
import type { Rule, RuleAction } from '../rules/rule.ts';
import type { Alerts } from './alerts-of.ts';
import { namesOf, reportFinding, type CheckDeps } from './check-deps.ts';
import { missingFields, type Missing } from './missing-fields.ts';
import { contextTokens } from './used-tokens.ts';

/** Reports what an action needs and the alerts its rule may match never carry, and alerts it is not made for. */
export function checkAction(rule: Rule, action: RuleAction, possible: readonly Alerts[], deps: CheckDeps): void {
  const { registry, falco, places } = deps;
  const actionner = registry.actionners.get(action.actionner)?.part;
  if (!actionner) return;
  const place = places.action(rule, action.name);
  const tokens = contextTokens(action.contexts.flatMap((name) => registry.contexts.get(name)?.part ?? []));
  const groups = new Map<string, { readonly missing: readonly Missing[]; readonly alerts: Alerts[] }>();
  const foreign: Alerts[] = [];
  for (const alerts of possible) {
    const all = missingFields(action, actionner, tokens, falco.knownFields, alerts);
    if (all.length === 0 && !isMadeFor(actionner, alerts)) foreign.push(alerts);
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
    reportFinding(deps, rule, place, {
      kind: 'missing_field',
      severity: alerts.length === possible.length ? 'error' : 'warning',
      message: `${action.actionner} needs ${needs}, which alerts of ${namesOf(alerts)} never carry, ${remedy}`,
      fields,
      alerts,
    });
  }
  if (foreign.length === 0) return;
  const sources = [...new Set(foreign.map(({ view }) => view.event.source))].join(' and ');
  reportFinding(deps, rule, place, {
    kind: 'source',
    severity: 'warning',
    message: `${action.actionner} is made for alerts of the source ${[actionner.sources].flat().join(' or ')}, but those of ${namesOf(foreign)} are of ${sources}`,
    fields: [],
    alerts: foreign,
  });
}

function isMadeFor({ sources }: Pick<Actionner, 'sources'>, { view }: Alerts): boolean {
  return sources === 'any' || sources.some((source) => normaliseSource(source) === view.event.source);
}
