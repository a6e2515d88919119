import type { FalcoWorld } from './check-rule.ts';
import type { AppendOutput, Finding } from './coverage.ts';
import { likelyField } from './likely-field.ts';
import { canCarry } from './missing-fields.ts';

/** From so many rules of a source on, one entry for the source is easier to keep. */
const MANY_RULES = 4;

/** What falco.yaml needs for the fields of these findings. Left out is what Falco cannot fill there, and what looks misspelt. */
export function appendOutput(
  findings: readonly Finding[],
  { byName, knownFields }: FalcoWorld,
): readonly AppendOutput[] {
  const wanted = new Map<string, Set<string>>();
  for (const { fields, falco_rules: names } of findings) {
    for (const name of names) {
      const source = byName.get(name)?.rule.source ?? '';
      const addable = fields.filter(
        (field) => canCarry(source, field) && likelyField(field, knownFields) === undefined,
      );
      if (addable.length > 0) wanted.set(name, new Set([...(wanted.get(name) ?? []), ...addable]));
    }
  }
  const sourceOf = (name: string) => byName.get(name)!.rule.source;
  const groups = Map.groupBy(wanted, ([name, fields]) => [sourceOf(name), ...[...fields].toSorted()].join('\0'));
  const bySource = new Map<string, Set<string>>();
  for (const entries of groups.values()) {
    if (entries.length < MANY_RULES) continue;
    const [[name, fields]] = entries as [(typeof entries)[number]];
    bySource.set(sourceOf(name), (bySource.get(sourceOf(name)) ?? new Set()).union(fields));
  }
  const byRule = Array.from(wanted, ([rule, fields]) => ({
    match: { rule },
    extra_fields: [...fields.difference(bySource.get(sourceOf(rule)) ?? new Set())],
  }));
  return [
    ...Array.from(bySource, ([source, fields]) => ({ match: { source }, extra_fields: [...fields] })),
    ...byRule.filter(({ extra_fields: fields }) => fields.length > 0),
  ];
}
