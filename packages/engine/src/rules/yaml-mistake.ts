import type { YamlMistake } from './parse-yaml.ts';
import { TOO_MANY_ALIASES } from './yaml-tree.ts';

const TABS = 'tabs cannot indent YAML; use spaces';
const INDENTATION =
  'this does not belong to what stands before it; check the indentation, and quote texts with special characters';
const ALIGNED = 'this does not line up with what stands before it; check the indentation';

/** What the parser says, in the words of who writes rules. Its messages name what it looked for, not what is wrong. */
const WORDED: readonly (readonly [RegExp, string])[] = [
  [/at node end$/, INDENTATION],
  [/^Block scalar header/, 'a text that begins with > or | must be quoted: ">=Notice"'],
  [/^Nested mappings/, 'a key begins inside of a value; indent keys alike, and quote a text that contains ": "'],
  [/^All (mapping|sequence) items must start/, ALIGNED],
  [/^Sequence item without/, ALIGNED],
  [/^Flow sequence .*\]$/, 'the [ before this is not closed by a ]'],
  [/^Flow map .*\}$/, 'the { before this is not closed by a }'],
  [/^Implicit map keys need/, 'this is neither a key with a value (KEY: VALUE) nor a list item (- VALUE)'],
  [/^Implicit keys need/, 'a key must stand in one line; is a quote or a colon missing?'],
  [
    /may not be used as an implicit|on same line with key$/,
    'a list cannot begin in the line of its key; write it in the lines below',
  ],
  [/^The : indicator/, 'a key of more than 1,024 characters; is a quote missing?'],
  [/^Plain value cannot start with flow indicator character ,/, 'a value is missing before the comma'],
  [/^Unexpected , in|^Unexpected empty item/, 'a value is missing beside the comma'],
  [/^Missing , /, 'a comma is missing before this'],
  [/^Missing space after :/, 'a space is missing after the colon'],
  [
    /^Block collections are not allowed within/,
    'inside of [ ] and { } everything must be written with [ ] and { } too',
  ],
  [/^Block scalar values in|^Block scalar lines|^Block scalars with/, 'the lines of this text must be indented alike'],
  [/^Comments must be separated/, 'a space is missing before the #; quote the text if # belongs to it'],
  [/^(Alias|Anchor) cannot be an empty/, 'a text that begins with * or & must be quoted'],
  [/^(Alias|Anchor) ending in :/, 'a space is missing before the colon'],
  [/must be at most one anchor|at most one anchor$/, 'a value has one anchor (&) at most'],
  [/at most one tag$/, 'tags (!…) are not supported; quote the text if it begins with !'],
  [/^Invalid escape sequence/, 'not an escape of YAML; double the \\, or use single quotes'],
  [/^Unexpected (flow-\w+-end) token/, 'this bracket closes nothing'],
  [
    /^(Unknown directive|Missing directives-end|.*directive)/,
    'a line that begins with % is a directive of YAML; quote the text',
  ],
];

interface Worded {
  readonly offset: number;
  readonly length: number;
  readonly message: string;
}

/**
 * Each with a sentence for the user, at the place where it was made. Those that only follow from another one are left
 * out: further ones of the same line (but for single values), tabs and open brackets after the first, and whatever
 * stands behind the point where the document ended for the parser.
 */
export function wordedMistakes(
  mistakes: readonly YamlMistake[],
  content: string,
  lineAt: (offset: number) => { readonly line: number },
): Worded[] {
  const reported = new Set<string>();
  return mistakes.flatMap((mistake, index) => {
    if (index > 0 && /in YAML stream|^Missing directives-end/.test(mistake.message)) return [];
    const result = worded(mistake, content);
    const { line } = lineAt(result.offset);
    const kind = /^Flow (?:sequence|map) /.test(mistake.message) ? 'bracket' : result.message === TABS ? TABS : '';
    const isValue = mistake.code === 'BAD_SCALAR_START' || mistake.code === 'BAD_DQ_ESCAPE';
    const keys = [isValue ? `${line}:${result.offset}` : String(line), ...(kind === '' ? [] : [kind])];
    const follows = keys.some((key) => reported.has(key));
    for (const key of keys) reported.add(key);
    return follows ? [] : [result];
  });
}

function worded(mistake: YamlMistake, content: string): Worded {
  const { offset, end, code, message } = mistake;
  const tab = tabIndent(content, offset);
  if (tab) return { ...tab, message: TABS };
  if (message.startsWith('Missing closing')) return unclosedQuote(content, offset, message);
  const skipped = /^[ \n]*/.exec(content.slice(offset, Math.min(end, offset + 200)))![0].length;
  const from = ALIGNMENT.test(message) ? lineContent(content, offset) : offset + skipped;
  return { offset: from, length: Math.max(1, end - from), message: sentence(code, message) };
}

const ALIGNMENT = /^(All (mapping|sequence) items|Sequence item without)/;

function sentence(code: string, message: string): string {
  if (code === 'TOO_LONG') return 'the file has too many values up to here; split it';
  if (code === 'TOO_MANY_DOCS') return 'the file holds too many documents up to here; split it';
  if (code === 'TOO_MANY_ALIASES') return TOO_MANY_ALIASES;
  if (code === 'RESOURCE_EXHAUSTION') return 'nested too deeply';
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; a file holds one, so remove the line with ---';
  if (code === 'NON_STRING_KEY') return 'a key must be a text';
  if (code === 'TAB_AS_INDENT') return TABS;
  if (code === 'TAG_RESOLVE_FAILED') return 'tags (!…) are not supported; quote the text if it begins with !';
  const [, character] =
    /^Plain value cannot start with (?:directive indicator|reserved) character (.)/.exec(message) ?? [];
  if (character !== undefined) return `a text that begins with ${character} must be quoted`;
  return WORDED.find(([pattern]) => pattern.test(message))?.[1] ?? message;
}

/** The tabs at the beginning of the line, when there are any. */
function tabIndent(content: string, offset: number): { offset: number; length: number } | undefined {
  const start = content.lastIndexOf('\n', Math.max(0, offset - 1)) + 1;
  const found = /^( *)(\t+)/.exec(content.slice(start, start + 200));
  return found ? { offset: start + found[1]!.length, length: found[2]!.length } : undefined;
}

/** The parser says it where the text ends, often at the end of the file. */
function unclosedQuote(content: string, offset: number, message: string) {
  const quote = message.includes('"') ? '"' : "'";
  const opened = content.lastIndexOf(quote, offset - 1);
  return {
    offset: Math.max(0, opened),
    length: 1,
    message: `the text that begins with this ${quote} is not closed by another one`,
  };
}

function lineContent(content: string, offset: number): number {
  return offset + /^[ \n]*/.exec(content.slice(offset, offset + 200))![0].length;
}
