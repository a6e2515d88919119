/** Letters of East Asia and pictures, two columns wide on a terminal. */
const WIDE =
  /^(?:\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\u3000-\u303f\uff01-\uff60\uffe0-\uffe6])$/u;
/** Marks that stand over the letter before them, and joiners. */
const NARROW = /^(?:\p{Mn}|\p{Me}|[\u200b-\u200d])$/u;

/** How many columns of a terminal a printable text takes. */
export function displayWidth(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (!NARROW.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}
