/** What labels or annotations are to become; the empty text removes a key. */
export type Changes = Readonly<Record<string, string>>;

const LONGEST_VALUE = 63;
const MOST_SHOWN = 20;

/** In a merge patch `null` deletes a key, and deleting an absent one is no error. */
export function mergePatch(changes: Changes): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, value === '' ? null : value]));
}

/** `app removed, analysis/status=suspicious`: one line, cut where it would be long. */
export function changesText(changes: Changes): string {
  const entries = Object.entries(changes);
  const texts = entries
    .slice(0, MOST_SHOWN)
    .map(([key, value]) => (value === '' ? `${key} removed` : `${key}=${valueText(value)}`));
  const more = entries.length - texts.length;
  return `${texts.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Annotations hold any text: line breaks, megabytes of JSON. */
function valueText(value: string): string {
  if (/^[!-~]*$/.test(value) && value.length <= LONGEST_VALUE) return value;
  return JSON.stringify(value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE - 1).toWellFormed()}…` : value);
}
