/** A number with all its digits: `digits` × 10^`exponent`; without zeros at either end, so that equal numbers look the same. */
export interface Decimal {
  readonly negative: boolean;
  /** Empty for zero. */
  readonly digits: string;
  readonly exponent: number;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const HEX = /^0[xX]([0-9a-fA-F]{1,64})$/;

/** Undefined when the text is no number. Nothing is expanded: `1e999999999` is as cheap as `1`. */
export function parseDecimal(text: string): Decimal | undefined {
  const [, hex] = HEX.exec(text) ?? [];
  if (hex !== undefined) return parseDecimal(BigInt(`0x${hex}`).toString());
  const [, sign, whole, fraction = '', power = '0'] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const all = whole + fraction;
  let start = 0;
  while (all[start] === '0') start++;
  let end = all.length;
  while (end > start && all[end - 1] === '0') end--;
  const digits = all.slice(start, end);
  if (digits === '') return { negative: false, digits, exponent: 0 };
  return { negative: sign === '-', digits, exponent: Number(power) - fraction.length + (all.length - end) };
}

/** Equal numbers have equal keys: `1`, `1.0` and `10e-1`. */
export function decimalKey({ negative, digits, exponent }: Decimal): string {
  return `${negative ? '-' : ''}${digits}e${exponent}`;
}

/** Below zero when `a` is the smaller one, above when it is the larger one. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.negative !== b.negative) return a.negative ? -1 : 1;
  return a.negative ? compareSizes(b, a) : compareSizes(a, b);
}

function compareSizes(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '') return a.digits.length - b.digits.length;
  const sizes = a.digits.length + a.exponent - (b.digits.length + b.exponent);
  if (sizes !== 0) return sizes;
  if (a.digits === b.digits) return 0;
  // The longer one has digits other than zero behind the end of the shorter one.
  return a.digits < b.digits ? -1 : 1;
}

/** @param difference below zero when the left side is the smaller one */
export function inOrder(operator: '<' | '<=' | '>' | '>=', difference: number): boolean {
  if (difference === 0) return operator === '<=' || operator === '>=';
  return operator.startsWith(difference < 0 ? '<' : '>');
}
