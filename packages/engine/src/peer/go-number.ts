/**
 * How the Go engine writes a number of an alert before it compares it: as a float with the fewest digits that tell it from
 * its neighbours, in exponent form from a million on. Undefined for a text that is no number of JSON.
 */
export function goNumberText(text: string): string | undefined {
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  if (!Number.isFinite(number)) return undefined;
  if (Object.is(number, -0)) return '-0';
  const size = Math.abs(number);
  if (size === 0 || (size >= 0.0001 && size < 1_000_000)) return String(number);
  // JavaScript and Go find the same digits; Go writes two digits of exponent at least.
  return number.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
