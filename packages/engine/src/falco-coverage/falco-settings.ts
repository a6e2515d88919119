import { PRIORITIES, type Priority } from '@falco-talon/core';
import type { Position } from '../rules/rule.ts';
import type { FalcoRule } from './falco-rule.ts';
import { outputFields } from './output-fields.ts';

/** Fields that Falco adds to the alerts of some rules. */
export interface AddedFields {
  /** Absent: of every rule. */
  readonly rule?: string;
  /** Absent: of every source. */
  readonly source?: string;
  /** The rule must have them all. */
  readonly tags: readonly string[];
  readonly fields: readonly string[];
}

/** Rules that `falco.yaml` switches, after everything its rules files say. */
export interface RuleSwitch {
  readonly enabled: boolean;
  /** A name in which `*` stands for anything, or a tag. */
  readonly rule?: string;
  readonly tag?: string;
  readonly position: Position;
}

/** The part of `falco.yaml` that decides which alerts come and what they carry. */
export interface FalcoSettings {
  readonly added: readonly AddedFields[];
  readonly switches: readonly RuleSwitch[];
  /** Rules below it are not loaded. */
  readonly leastPriority: { readonly priority: Priority; readonly position?: Position };
  readonly carriesFields: boolean;
  readonly carriesTags: boolean;
  /** Falco takes it from the prefix of the alert's text (formats.cpp). */
  readonly timeField: string;
}

/**
 * What the container plugin, which comes with Falco since 0.41, suggests for system calls:
 * https://github.com/falcosecurity/plugins/blob/main/plugins/container/src/caps/extract/extract.cpp
 */
export const SUGGESTED_FIELDS: AddedFields = {
  source: 'syscall',
  tags: [],
  fields: [
    'container.id',
    'container.name',
    'container.image.repository',
    'container.image.tag',
    'k8s.pod.name',
    'k8s.ns.name',
  ],
};

/** As in the `falco.yaml` that ships: `append_output` with `suggested_output: true`, and nothing switched. */
export const SHIPPED_SETTINGS: FalcoSettings = {
  added: [SUGGESTED_FIELDS],
  switches: [],
  leastPriority: { priority: 'Debug' },
  carriesFields: true,
  carriesTags: true,
  timeField: 'evt.time',
};

/** The fields an alert of this rule has, with or without a value. */
export function carriedFields(rule: FalcoRule, settings: FalcoSettings): ReadonlySet<string> {
  const { added, carriesFields, timeField } = settings;
  if (!carriesFields) return new Set();
  const more = added.filter(
    (entry) =>
      (entry.rule ?? rule.name) === rule.name &&
      (entry.source ?? rule.source) === rule.source &&
      entry.tags.every((tag) => rule.tags.includes(tag)),
  );
  return new Set([timeField, ...outputFields(rule.output), ...more.flatMap(({ fields }) => fields)]);
}

/** The rules as they are once `falco.yaml` has switched them. */
export function switchedRules(rules: readonly FalcoRule[], settings: FalcoSettings): readonly FalcoRule[] {
  const { priority: least, position } = settings.leastPriority;
  return rules.map((rule) => {
    if (PRIORITIES.indexOf(rule.priority) > PRIORITIES.indexOf(least))
      return { ...rule, enabled: false, ...(position && { enabledAt: position }) };
    const last = settings.switches.findLast((entry) => concerns(entry, rule));
    return last ? { ...rule, enabled: last.enabled, enabledAt: last.position } : rule;
  });
}

function concerns({ rule: pattern, tag }: RuleSwitch, { name, tags }: FalcoRule): boolean {
  return (pattern !== undefined && fitsWildcard(pattern, name)) || (tag !== undefined && tags.includes(tag));
}

/** As Falco does (falco_utils.cpp): after `*`, what follows is looked for once, and there is no second try. */
export function fitsWildcard(pattern: string, name: string): boolean {
  const [head, ...rest] = pattern.split(/\*+/);
  if (!name.startsWith(head!)) return false;
  if (rest.length === 0) return name === head;
  let at = head!.length;
  for (const [index, part] of rest.entries()) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
    if (index === rest.length - 1) return part === '' || at === name.length;
  }
  return true;
}
