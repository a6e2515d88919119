import { fieldCriteriaText } from '../parse-field-criteria.ts';
import type { FieldCriterion, Match } from '../rule.ts';

/**
 * Two items of `output_fields` of which one holds for every alert, as `a!=x` or `a!=y` does: the items are alternatives, and
 * a field has one value at most. Undefined when there are none.
 */
export function excludesNothing({ outputFields }: Match): string | undefined {
  const single = outputFields.flatMap((group) => (group.length === 1 ? group : []));
  const first = new Map<string, FieldCriterion>();
  for (const criterion of single) {
    if (criterion.operator !== '!=') continue;
    const other = first.get(criterion.field);
    if (other && other.value !== criterion.value) return pairText(other, criterion);
    first.set(criterion.field, criterion);
  }
  for (const criterion of single) {
    const other = first.get(criterion.field);
    if (criterion.operator === '=' && other?.value === criterion.value) return pairText(other, criterion);
  }
  return undefined;
}

function pairText(one: FieldCriterion, other: FieldCriterion): string {
  const texts = [one, other].map((criterion) => fieldCriteriaText([criterion]));
  const both =
    one.operator === other.operator ? `; to leave both out, write one item: ${JSON.stringify(texts.join(', '))}` : '';
  return `${texts.map((text) => JSON.stringify(text)).join(' or ')} holds for every alert${both}`;
}
