/** A pattern that takes the word in any case: JSON Schema has no flag for it. */
export function inAnyCase(word: string): string {
  return word.replaceAll(/[A-Za-z]|[$()*+./?[\\\]^{|}]/g, (character) =>
    /[A-Za-z]/.test(character) ? `[${character.toUpperCase()}${character.toLowerCase()}]` : `\\${character}`,
  );
}
