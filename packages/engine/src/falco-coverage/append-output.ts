import type { FalcoWorld } from './check-deps.ts';
import type { AppendOutput, Finding } from './coverage.ts';
import { likelyField } from './falco-fields.ts';
import { canCarry } from './missing-fields.ts';

/** From so many rules of a source on, one entry for the source is easier to keep. */
const MANY_RULES = 4;

/** What falco.yaml needs for the fields of these findings. Left out is what Falco cannot fill there, and what looks misspelt. */
export function appendOutput(
  findings: readonly Finding[],
  { byName, knownFields }: FalcoWorld,
): readonly AppendOutput[] {
  /** By field, the Falco rules that lack it. */
  const wanted = new Map<string, Set<string>>();
  const sourceOf = (name: string) => byName.get(name)?.rule.source ?? '';
  for (const { fields, falco_rules: names } of findings) {
    for (const field of fields) {
      if (likelyField(field, knownFields) !== undefined) continue;
      const rules = wanted.get(field) ?? new Set();
      wanted.set(field, rules);
      for (const name of names) if (canCarry(sourceOf(name), field)) rules.add(name);
    }
  }
  const bySource = new Map<string, string[]>();
  const byRule = new Map<string, string[]>();
  for (const [field, rules] of wanted) {
    for (const [source, names] of Map.groupBy(rules, sourceOf)) {
      if (names.length >= MANY_RULES) push(bySource, source, field);
      else for (const name of names) push(byRule, name, field);
    }
  }
  return [
    ...Array.from(bySource, ([source, fields]) => ({ match: { source }, extra_fields: fields })),
    ...Array.from(byRule, ([rule, fields]) => ({ match: { rule }, extra_fields: fields })),
  ];
}

function push(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
