/**
 * How a text differs from the first of these that nearly is the same; undefined when none is.
 * Letters in the wrong case and blanks too many are what people overlook.
 */
export function nearMiss(text: string, wanted: readonly string[]): string | undefined {
  for (const other of wanted) {
    const difference = smallDifference(text, other);
    if (difference !== undefined)
      return `${JSON.stringify(text)} differs from ${JSON.stringify(other)} only in ${difference}`;
  }
  return undefined;
}

const FORMS: readonly (readonly [difference: string, form: (text: string) => string])[] = [
  ['the case of letters', (text) => text.toLowerCase()],
  ['blanks', withoutBlanks],
  ['blanks and the case of letters', (text) => withoutBlanks(text).toLowerCase()],
];

function smallDifference(text: string, other: string): string | undefined {
  if (text === other || other.length > 1000 || Math.abs(text.length - other.length) > 100) return undefined;
  return FORMS.find(([, form]) => form(text) !== '' && form(text) === form(other))?.[0];
}

function withoutBlanks(text: string): string {
  return text.replaceAll(/[\s\u200b\ufeff]+/g, '');
}
