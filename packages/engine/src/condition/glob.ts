import { compileRegex, type TextTest } from './regex.ts';

/**
 * Shell patterns as `fnmatch` without flags reads them: `*` and `?` match `/` and a leading dot too, `\` takes the next
 * character as it is, an open `[` is a character.
 * @throws RegexError when the pattern is too large
 */
export function compileGlob(pattern: string): TextTest {
  // Brackets, question marks and escapes need the expression; what most people write does not.
  return /[?[\\]/.test(pattern) ? compileRegex(expressionOf(pattern)) : compileStars(pattern.split('*'));
}

function compileStars(parts: readonly string[]): TextTest {
  const head = parts[0]!;
  if (parts.length === 1) return (text) => text === head;
  const tail = parts.at(-1)!;
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  return (text) => {
    if (!text.startsWith(head) || !text.endsWith(tail)) return false;
    const end = text.length - tail.length;
    let position = head.length;
    for (const part of middle) {
      const index = text.indexOf(part, position);
      if (index === -1) return false;
      position = index + part.length;
    }
    return position <= end;
  };
}

function expressionOf(pattern: string): string {
  let expression = '(?s)';
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index]!;
    if (character === '*') expression += '.*';
    else if (character === '?') expression += '.';
    else if (character === '\\') expression += quote(pattern[++index] ?? '\\');
    else if (character === '[') {
      const set = readSet(pattern, index);
      expression += set?.expression ?? quote('[');
      if (set) index = set.end;
    } else expression += quote(character);
  }
  return expression;
}

/** `[a-z]`, `[!a]`, `[[:digit:]_]`; undefined when it is never closed. */
function readSet(pattern: string, open: number): { expression: string; end: number } | undefined {
  let index = open + 1;
  const negated = pattern[index] === '!' || pattern[index] === '^';
  if (negated) index++;
  const first = index;
  let items = '';
  for (; index < pattern.length; index++) {
    const character = pattern[index]!;
    if (character === ']' && index > first) {
      return { expression: `[${negated ? '^' : ''}${items}]`, end: index };
    }
    const [name] = /^\[:[a-z]+:\]/.exec(pattern.slice(index, index + 12)) ?? [];
    if (name !== undefined) {
      items += name;
      index += name.length - 1;
    } else if (character === '\\') items += quote(pattern[++index] ?? '\\');
    else items += character === '-' && index > first && pattern[index + 1] !== ']' ? '-' : quote(character);
  }
  return undefined;
}

function quote(text: string): string {
  return /^[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]$/.test(text) ? `\\${text}` : text;
}
