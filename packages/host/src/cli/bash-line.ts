/** A line of bash as far as it is typed. Nothing is expanded: a variable stays the text it is. */
export interface BashLine {
  /** The words before the last one, without their quotes. */
  readonly before: readonly string[];
  /** The word being typed, without its quotes; empty after a blank. */
  readonly current: string;
  /** How much of `current` stays as it is: readline replaces the text behind an open quote or the last word break. */
  readonly kept: number;
  /** The quote that is open at the end. */
  readonly quote: '' | "'" | '"';
}

export function readBashLine(text: string, wordBreaks: string): BashLine {
  const words: string[] = [];
  let word: string | undefined;
  let quote: BashLine['quote'] = '';
  let kept = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index]!;
    if (quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      kept = 0;
    } else if (char === quote) {
      quote = '';
      kept = 0;
    } else if (quote === '' && (char === "'" || char === '"')) {
      quote = char;
      word ??= '';
      kept = word.length;
    } else if (char === '\\' && quote !== "'" && index + 1 < text.length) {
      const next = text[++index]!;
      const literal = quote === '"' && !'"$`\\'.includes(next) ? `\\${next}` : next;
      word = (word ?? '') + literal;
    } else {
      word = (word ?? '') + char;
      if (quote === '' && wordBreaks.includes(char)) kept = word.length;
    }
  }
  return { before: words, current: word ?? '', kept, quote };
}

/** The text so that bash reads it as one word that means nothing but itself, behind this open quote. */
export function quoteForBash(text: string, quote: BashLine['quote']): string {
  if (quote === "'") return text.replaceAll("'", String.raw`'\''`);
  if (quote === '"') return text.replaceAll(/["$`\\!]/g, String.raw`\$&`);
  return text.replaceAll(/[^\w@%+=:,./\p{L}\p{N}-]/gu, String.raw`\$&`).replace(/^[~#]/, String.raw`\$&`);
}
