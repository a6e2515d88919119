/** Controls, bidirectional overrides and lone surrogates: what could make a terminal lie about the text around it. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\p{Cs}]/gu;

/** The text on one line of a terminal, with everything that could steer the terminal written as `\u{…}`. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    if (character === '\r') return '\\r';
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}
