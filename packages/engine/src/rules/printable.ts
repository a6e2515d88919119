/**
 * Controls, bidirectional overrides, lone surrogates and what nobody sees: what could make a terminal lie about the text around
 * it. Joiners stay, some scripts are written with them.
 */
const UNPRINTABLE = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]--[\u200c\u200d]]/gv;

/** The text on one line of a terminal, with everything that could steer the terminal written as `\u{…}`. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    if (character === '\r') return '\\r';
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}
