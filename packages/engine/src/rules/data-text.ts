import { isExactNumber } from '@falco-talon/core';
import { Document, Scalar, visit } from 'yaml';
import { printable } from './printable.ts';

/** Data as JSON, as every command prints it: numbers keep their digits, and nothing can steer a terminal. */
export function jsonText(value: unknown): string {
  return escaped(JSON.stringify(value, undefined, 2));
}

/** The same as YAML, with a line feed at the end. */
export function yamlText(value: unknown): string {
  const document = new Document(value, {
    version: '1.2',
    aliasDuplicateObjects: false,
    customTags: (tags) => [exactNumber, ...tags],
  });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && (needsQuotes(node.value) || !isHarmless(node.value)))
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  const text = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Infinity });
  // YAML has no pairs of escapes for one character.
  return escaped(text, (character) => hex(character.codePointAt(0)!, 'U', 8));
}

/** Texts of several lines are printed as blocks; ones with blanks where a block's indentation is told by are not. */
export function needsQuotes(text: string): boolean {
  return text.includes('\n') && /^\s|\s\n|\n\s*$/.test(text.replace(/\n$/, ''));
}

/**
 * JSON, or YAML in which what is not harmless stands in double quotes, with that written as escapes.
 * @param far how characters of two UTF-16 units are written; by default as JSON does
 */
export function escaped(text: string, far: (character: string) => string = unitEscapes): string {
  return text.replaceAll(/[^\n\x20-\x7e]/gu, (character) => {
    if (isHarmless(character)) return character;
    return character.length === 1 ? unitEscapes(character) : far(character);
  });
}

function unitEscapes(character: string): string {
  return Array.from({ length: character.length }, (_, unit) => hex(character.charCodeAt(unit), 'u', 4)).join('');
}

function hex(code: number, letter: string, digits: number): string {
  return `\\${letter}${code.toString(16).padStart(digits, '0')}`;
}

/** Line feeds are: the printers know what becomes of them. */
function isHarmless(text: string): boolean {
  const line = text.replaceAll('\n', '');
  return printable(line) === line;
}

const exactNumber = {
  tag: 'tag:yaml.org,2002:float',
  default: true as const,
  identify: isExactNumber,
  resolve: Number,
  stringify: ({ value }: { value: unknown }) => (isExactNumber(value) ? value.rawJSON : String(value)),
};
