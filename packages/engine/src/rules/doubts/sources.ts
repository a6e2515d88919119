import { normaliseSource } from '../../match/source.ts';
import type { Registry } from '../../registry/registry.ts';
import type { ActionBlock } from '../block.ts';
import type { Report } from '../report.ts';
import type { Match } from '../rule.ts';
import { openedConjuncts } from './conjuncts.ts';
import type { JudgedRule } from './judged-rule.ts';

interface Deps {
  readonly registry: Registry;
  readonly shared: ReadonlyMap<string, ActionBlock>;
  readonly report: Report;
}

/** Warns of an actionner that has nothing to act on: alerts of another source do not carry the fields it needs. */
export function warnOfSources({ block, rule }: JudgedRule, { registry, shared, report }: Deps): void {
  const matched = sourcesOf(rule.match);
  if (!matched || matched.size === 0) return;
  for (const action of block.actions) {
    const name = action.actionner ?? shared.get(action.name.text)?.actionner;
    const part = name && registry.actionners.get(name.text)?.part;
    if (!part || part.sources === 'any') continue;
    const own = new Set(part.sources.map(normaliseSource));
    if (!own.isDisjointFrom(matched)) continue;
    const fields = (part.requiredFields ?? []).map((field) => (typeof field === 'string' ? field : field.join(' or ')));
    const lack = fields.length === 0 ? '' : `, which do not carry what it needs: ${fields.join(', ')}`;
    report.warning(
      action.name.place,
      `${name.text} is made for alerts of the source ${part.sources.join(' or ')}, but this rule matches those of ${[...matched].join(' and ')}${lack}`,
    );
  }
}

/** Outside of which it matches nothing, by `source` and by the condition; undefined for any. */
function sourcesOf({ source, condition }: Match): ReadonlySet<string> | undefined {
  const asked = openedConjuncts(condition).flatMap((part) => {
    if (part.kind !== 'comparison' || part.operand.name !== 'source' || part.operand.kind !== 'own') return [];
    const { operator, modifier, other, operand, values } = part;
    const exact = (operator === '=' || operator === 'in') && !modifier && !other && operand.transformers.length === 0;
    return exact ? [new Set(values)] : [];
  });
  const all = source === undefined ? asked : [new Set([source]), ...asked];
  return all.length === 0 ? undefined : all.reduce((a, b) => a.intersection(b));
}
