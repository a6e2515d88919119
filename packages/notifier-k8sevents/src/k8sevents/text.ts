/**
 * What an alert says, as one line that a terminal shows as it is: control characters, marks that reorder text and line
 * breaks become spaces, half surrogate pairs the replacement character.
 */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
}

const CUT = '…';

/** At most `limit` bytes of UTF-8, cut between two characters. */
export function cutBytes(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  const kept = Buffer.from(text).subarray(0, limit - Buffer.byteLength(CUT));
  // A decoder that expects more keeps an incomplete last character back.
  return `${new TextDecoder().decode(kept, { stream: true })}${CUT}`;
}
