import { quote } from '../json.ts';

const LAYOUT = '2006-01-02T15:04:05.000000Z07:00';
/** The pieces of the layout in their order, and what each takes. */
const PIECES: readonly (readonly [string, RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^(0[1-9]|1[0-2])/],
  ['-', /^-/],
  ['02', /^(0[1-9]|[12]\d|3[01])/],
  ['T', /^T/],
  ['15', /^([01]\d|2[0-3])/],
  [':', /^:/],
  ['04', /^[0-5]\d/],
  [':', /^:/],
  ['05', /^[0-5]\d/],
  ['.000000', /^\.\d{6}/],
  ['Z07:00', /^(Z|[+-]\d\d:\d\d)/],
];

/** What is wrong with a MicroTime, in the words of Go's parser: it takes exactly six fraction digits. */
export function microTimeProblem(text: string): string | undefined {
  const problem = `parsing time ${quote(text)} as ${quote(LAYOUT)}`;
  let rest = text;
  for (const [piece, taken] of PIECES) {
    const [found] = taken.exec(rest) ?? [];
    if (found === undefined) return `${problem}: cannot parse ${quote(rest)} as ${quote(piece)}`;
    rest = rest.slice(found.length);
  }
  return rest === '' ? undefined : `parsing time ${quote(text)}: extra text: ${quote(rest)}`;
}
