import { parseAllDocuments, parseDocument, type Node, type YAMLError } from 'yaml';
import { indexLines } from './line-index.ts';
import type { Problem } from './rule.ts';
import { buildYamlTree } from './yaml-tree.ts';
import { pathOf, pathText, plainValue, type Place, type YamlNode, type YamlSource } from './yaml-node.ts';

/** Bytes (UTF-16 units, to be exact) one YAML file may have. A Kubernetes ConfigMap holds a quarter of it. */
export const YAML_SIZE_LIMIT = 4 * 1024 * 1024;
const PROBLEM_LIMIT = 50;
/** Each costs the parser far more than the four characters that begin it. */
const DOCUMENTS_LIMIT = 1000;

export interface YamlDocument {
  readonly source: YamlSource;
  /** Undefined when the document is empty, or has problems. */
  readonly root: YamlNode | undefined;
  readonly problems: readonly Problem[];
}

export interface YamlStream {
  readonly source: YamlSource;
  /** One for each document that is not empty; none when there are problems. */
  readonly roots: readonly YamlNode[];
  readonly problems: readonly Problem[];
}

/**
 * Reads one YAML 1.2 document, core schema. Refused, each with its position: syntax errors, duplicate and non-text keys,
 * merge keys, unknown tags, several documents, control characters, and whatever is made to exhaust the reader.
 * Digits are kept: `1.10` and numbers above 2^53 are `ExactNumber`s.
 */
export function readYaml(file: string, text: string): YamlDocument {
  const { source, roots, problems } = readContents(file, text, (content) => [parseDocument(content, SYNTAX)]);
  return { source, root: roots[0], problems };
}

/** As `readYaml`, for files that may hold several documents, as those of Falco may. */
export function readYamlStream(file: string, text: string): YamlStream {
  return readContents(file, text, (content) => parseAllDocuments(content, SYNTAX));
}

const SYNTAX = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  // The parser's own check compares every key with every other one.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'error',
} as const;

interface Parsed {
  readonly contents: Node | null;
  readonly errors: readonly YAMLError[];
  readonly warnings: readonly YAMLError[];
}

function readContents(file: string, text: string, parse: (content: string) => readonly Parsed[]): YamlStream {
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const lineAt = indexLines(content);
  const source: YamlSource = { file, text: content, position: (offset) => ({ file, ...lineAt(offset) }) };
  const problems: Problem[] = [];
  const report = (offset: number, message: string, path = '') => {
    problems.push({ ...source.position(offset), severity: 'error', path, message });
  };
  const failed = { source, roots: [], problems };

  if (content.length > YAML_SIZE_LIMIT) {
    report(0, `the file is larger than ${YAML_SIZE_LIMIT / 1024 / 1024} MiB; split it`);
    return failed;
  }
  if ((content.match(/^(?:---|\.\.\.)/gm)?.length ?? 0) > DOCUMENTS_LIMIT) {
    report(0, `the file holds more than ${DOCUMENTS_LIMIT} documents; split it`);
    return failed;
  }
  const documents = parse(content);

  // Line feeds, tabs and carriage returns are the only controls YAML needs.
  // oxlint-disable-next-line no-control-regex
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(content);
  if (control) report(control.index, `a control character (${codePoint(control[0])}); is this a text file?`);
  for (const error of parserErrors(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]))) {
    report(error.pos[0], indentedByTab(content, error.pos[0]) ? TABS : worded(error));
  }
  if (problems.length > 0) return failed;

  const reportPlace = (place: Place, message: string) => {
    if (problems.length < PROBLEM_LIMIT) report(place.offset, message, pathText(pathOf(place)));
  };
  const roots = documents.flatMap(({ contents }) => (contents ? [buildYamlTree(contents, source, reportPlace)] : []));
  return problems.length > 0 ? failed : { source, roots, problems };
}

const TABS = 'tabs cannot indent YAML; use spaces';

function indentedByTab(content: string, offset: number): boolean {
  const start = content.lastIndexOf('\n', Math.max(0, offset - 1)) + 1;
  return /^ *\t/.test(content.slice(start, start + 200));
}

/** The document's value; undefined when it is empty. */
export function yamlValue(document: YamlDocument): unknown {
  return document.root && plainValue(document.root);
}

/**
 * In the order of the file, and bounded. Errors that only follow from another one are left out: all but the first of too
 * deep nesting, further ones at the same place, and those about what stands behind the point where the document ended for the parser.
 */
function parserErrors(errors: readonly YAMLError[]): readonly YAMLError[] {
  const exhausted = errors.find((error) => error.code === 'RESOURCE_EXHAUSTION');
  if (exhausted) return [exhausted];
  const sorted = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  return sorted
    .filter(({ message, pos }, index) => {
      if (index === 0) return true;
      return pos[0] !== sorted[index - 1]!.pos[0] && !message.includes('in YAML stream');
    })
    .slice(0, PROBLEM_LIMIT);
}

function worded(error: YAMLError): string {
  switch (error.code) {
    case 'RESOURCE_EXHAUSTION':
      return 'nested too deeply';
    case 'MULTIPLE_DOCS':
      return 'a second document begins here; a file holds one, so remove the line with ---';
    case 'NON_STRING_KEY':
      return 'a key must be a text';
    case 'TAB_AS_INDENT':
      return TABS;
    case 'TAG_RESOLVE_FAILED':
      return `${error.message}; tags (!…) are not supported, quote the text if it begins with !`;
    case 'UNEXPECTED_TOKEN':
      if (error.message.endsWith('at node end')) {
        return 'this does not belong to what stands before it; check the indentation, and quote texts with special characters';
      }
      return hinted(error.message);
    default:
      return hinted(error.message);
  }
}

function hinted(message: string): string {
  if (message.startsWith('Block scalar header')) {
    return `${message}; a text that begins with > or | must be quoted: ">=Notice"`;
  }
  return message.startsWith('Nested mappings') ? `${message}; a text that contains ": " must be quoted` : message;
}

function codePoint(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}
