/** A server that asks for more is wrong, and a time that is no number a journal can hold is of no use. */
const LONGEST = 24 * 3_600_000;

/** Milliseconds the server asks to wait, from the header (seconds or a date) or the body. */
export function retryAfter(
  header: string | readonly string[] | undefined,
  bodySeconds: number | undefined,
  now: number,
): number | undefined {
  const value = typeof header === 'string' ? header.trim() : '';
  if (/^\d{1,9}$/.test(value)) return Math.min(LONGEST, Number(value) * 1000);
  const date = value === '' ? NaN : Date.parse(value);
  if (Number.isFinite(date)) return Math.min(LONGEST, Math.max(0, date - now));
  return bodySeconds === undefined ? undefined : Math.min(LONGEST, bodySeconds * 1000);
}
