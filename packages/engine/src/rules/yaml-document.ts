import { indexLines } from './line-index.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Problem } from './rule.ts';
import { buildYamlTree } from './yaml-tree.ts';
import { wordedMistakes } from './yaml-mistake.ts';
import { pathOf, pathText, plainValue, type Place, type YamlNode, type YamlSource } from './yaml-node.ts';

/** Bytes (UTF-16 units, to be exact) one YAML file may have. A Kubernetes ConfigMap holds a quarter of it. */
export const YAML_SIZE_LIMIT = 4 * 1024 * 1024;
/** Words, signs, blanks and line ends: one for two characters of the largest file. Rules have one for four or five. */
const LEXEMES_LIMIT = 2_000_000;
const PROBLEM_LIMIT = 50;
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
  const { source, roots, problems } = readContents(file, text, 1);
  return { source, root: roots[0], problems };
}

/** As `readYaml`, for files that may hold several documents, as those of Falco may. */
export function readYamlStream(file: string, text: string): YamlStream {
  return readContents(file, text, DOCUMENTS_LIMIT);
}

function readContents(file: string, text: string, documents: number): YamlStream {
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const lineAt = indexLines(content);
  const source: YamlSource = { file, text: content, position: (offset) => ({ file, ...lineAt(offset) }) };
  const problems: Problem[] = [];
  const report = (offset: number, length: number, message: string, path = '') => {
    problems.push({ ...source.position(offset), length, severity: 'error', path, message });
  };
  const failed = { source, roots: [], problems };

  if (content.length > YAML_SIZE_LIMIT) {
    report(0, 1, `the file is larger than ${YAML_SIZE_LIMIT / 1024 / 1024} MiB; split it`);
    return failed;
  }
  // Line feeds, tabs and carriage returns are the only controls YAML needs.
  // oxlint-disable-next-line no-control-regex -- they are what YAML forbids
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(content);
  if (control) {
    report(control.index, 1, `a control character (${codePoint(control[0])}); is this a text file?`);
    return failed;
  }
  const { contents, mistakes } = parseYaml(content, { lexemes: LEXEMES_LIMIT, documents });
  for (const { offset, length, message } of wordedMistakes(mistakes, content, lineAt)) report(offset, length, message);
  if (problems.length > 0) return failed;

  const reportPlace = (place: Place, message: string) => {
    if (problems.length < PROBLEM_LIMIT) report(place.offset, place.length, message, pathText(pathOf(place)));
  };
  const roots = contents.flatMap((node) => (node ? [buildYamlTree(node, source, reportPlace)] : []));
  return problems.length > 0 ? failed : { source, roots, problems };
}

/** The document's value; undefined when it is empty. */
export function yamlValue(document: YamlDocument): unknown {
  return document.root && plainValue(document.root);
}

function codePoint(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}
