const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** Digits a double surely gives back. */
const SAFE_DIGITS = 15;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** What `JSON.parse` does not tell. The text need not be valid JSON. */
export interface JsonScan {
  /** Deepest nesting of objects and lists. */
  readonly depth: number;
  /** Start and end of each number that a JavaScript number would print differently, in order. */
  readonly inexact: readonly { readonly start: number; readonly end: number }[];
}

/** One pass over the text; strings are skipped as a whole. */
export function scanJson(text: string): JsonScan {
  const inexact: { start: number; end: number }[] = [];
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i + 1);
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    } else if (code === 0x2d || isDigit(code)) {
      const end = endOfNumber(text, i + 1);
      if (isInexact(text, i, end)) inexact.push({ start: i, end });
      i = end - 1;
    }
  }
  return { depth: deepest, inexact };
}

function isInexact(text: string, start: number, end: number): boolean {
  if (
    end - start <= SAFE_DIGITS &&
    allDigits(text, start, end) &&
    (end - start === 1 || text.charCodeAt(start) !== 0x30)
  )
    return false;
  const token = text.slice(start, end);
  // What is no JSON number, or stands where a key belongs, is left for the parser to refuse.
  return NUMBER.test(token) && String(Number(token)) !== token && nextVisible(text, end) !== COLON;
}

function allDigits(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return true;
}

function endOfNumber(text: string, from: number): number {
  let end = from;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    // Digits, `.`, `e`, `E`, `+`, `-`.
    if (!isDigit(code) && code !== 0x2e && (code | 0x20) !== 0x65 && code !== 0x2b && code !== 0x2d) break;
  }
  return end;
}

/** Index of the closing quote, or the text's end. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function nextVisible(text: string, from: number): number {
  let i = from;
  while (text.charCodeAt(i) === 0x20 || (text.charCodeAt(i) >= 0x09 && text.charCodeAt(i) <= 0x0d)) i++;
  return text.charCodeAt(i);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
