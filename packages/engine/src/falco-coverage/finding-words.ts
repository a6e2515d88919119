import { likelyField } from './falco-fields.ts';

const SHOWN = 5;

/** `"A"`, `"A" and "B"`, `"A", "B", "C", "D", "E" and 7 more` */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, names.length === SHOWN + 1 ? SHOWN + 1 : SHOWN).map((name) => JSON.stringify(name));
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** Fields, each with the one that was probably meant. */
export function listedFields(fields: readonly string[], known: ReadonlySet<string>): string {
  return fields
    .map((field) => {
      const near = likelyField(field, known);
      return near === undefined ? field : `${field} (did you mean ${near}?)`;
    })
    .join(', ');
}
