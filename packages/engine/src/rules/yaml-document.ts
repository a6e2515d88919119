import { parseDocument, type YAMLError } from 'yaml';
import { indexLines } from './line-index.ts';
import type { Problem } from './rule.ts';
import { buildYamlTree } from './yaml-tree.ts';
import { pathOf, pathText, plainValue, type YamlNode, type YamlSource } from './yaml-node.ts';

/** Bytes (UTF-16 units, to be exact) one YAML file may have. A Kubernetes ConfigMap holds a quarter of it. */
export const YAML_SIZE_LIMIT = 4 * 1024 * 1024;
const PROBLEM_LIMIT = 50;

export interface YamlDocument {
  readonly source: YamlSource;
  /** Undefined when the document is empty, or has problems. */
  readonly root: YamlNode | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Reads one YAML 1.2 document, core schema. Refused, each with its position: syntax errors, duplicate and non-text keys,
 * merge keys, unknown tags, several documents, control characters, and whatever is made to exhaust the reader.
 * Digits are kept: `1.10` and numbers above 2^53 are `ExactNumber`s.
 */
export function readYaml(file: string, text: string): YamlDocument {
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const lineAt = indexLines(content);
  const source: YamlSource = { file, text: content, position: (offset) => ({ file, ...lineAt(offset) }) };
  const problems: Problem[] = [];
  const report = (offset: number, message: string, path = '') => {
    problems.push({ ...source.position(offset), severity: 'error', path, message });
  };
  const failed = { source, root: undefined, problems };

  if (content.length > YAML_SIZE_LIMIT) {
    report(0, `the file is larger than ${YAML_SIZE_LIMIT / 1024 / 1024} MiB; split it`);
    return failed;
  }
  const document = parseDocument(content, {
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // The parser's own check compares every key with every other one.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });

  // Line feeds, tabs and carriage returns are the only controls YAML needs.
  // oxlint-disable-next-line no-control-regex
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(content);
  if (control) report(control.index, `a control character (${codePoint(control[0])}); is this a text file?`);
  for (const error of parserErrors([...document.errors, ...document.warnings])) {
    report(error.pos[0], indentedByTab(content, error.pos[0]) ? TABS : worded(error));
  }
  if (problems.length > 0) return failed;

  const root =
    document.contents &&
    buildYamlTree(document.contents, source, (place, message) => {
      if (problems.length < PROBLEM_LIMIT) report(place.offset, message, pathText(pathOf(place)));
    });
  return { source, root: problems.length > 0 ? undefined : (root ?? undefined), problems };
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
