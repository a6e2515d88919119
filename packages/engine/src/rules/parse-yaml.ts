import { Composer, CST, Lexer, Parser, type Node } from 'yaml';
import { ALIASED_LIMIT } from './yaml-tree.ts';

/** More than a tree may be deep. The parser itself needs quadratic time for what is never closed. */
const OPEN_LIMIT = 110;
const MISTAKES_LIMIT = 50;

export interface YamlMistake {
  readonly offset: number;
  readonly end: number;
  /** The parser's, or `TOO_LONG`, `TOO_MANY_ALIASES`, `TOO_MANY_DOCS`. */
  readonly code: string;
  readonly message: string;
}

export interface ParsedYaml {
  /** One for each document. */
  readonly contents: readonly (Node | null)[];
  /** In the order of the file, and bounded. */
  readonly mistakes: readonly YamlMistake[];
}

export interface YamlLimits {
  /** Words, signs, blanks and line ends. */
  readonly lexemes: number;
  readonly documents: number;
}

/**
 * YAML 1.2, core schema. Left alone, the parser needs a minute, or more memory than there is, for some megabytes of
 * brackets; here it is stopped as soon as it is clear that the file is refused.
 */
export function parseYaml(content: string, limits: YamlLimits): ParsedYaml {
  const mistakes: YamlMistake[] = [];
  const found: Found = (mistake) => {
    if (mistakes.length < MISTAKES_LIMIT) mistakes.push(mistake);
    if (mistakes.length === MISTAKES_LIMIT) throw new Stopped();
  };
  const contents: (Node | null)[] = [];
  try {
    for (const document of createComposer(found).compose(
      tokens(content, limits.lexemes, found),
      true,
      content.length,
    )) {
      if (contents.length === limits.documents) {
        const [offset, end] = document.range;
        mistakes.splice(0, Infinity, ...mistakes.filter((mistake) => mistake.offset < offset));
        found({ offset, end, code: limits.documents === 1 ? 'MULTIPLE_DOCS' : 'TOO_MANY_DOCS', message: '' });
        break;
      }
      contents.push(document.contents);
      for (const { pos, code, message } of document.errors) found({ offset: pos[0], end: pos[1], code, message });
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    if (error.reason) return { contents: [], mistakes: [error.reason] };
  }
  return { contents, mistakes: mistakes.toSorted((a, b) => a.offset - b.offset) };
}

type Found = (mistake: YamlMistake) => void;

class Stopped extends Error {
  /** What says all there is to say; undefined: the mistakes found so far. */
  readonly reason: YamlMistake | undefined;

  constructor(reason?: YamlMistake) {
    super();
    this.reason = reason;
  }
}

function* tokens(content: string, limit: number, found: Found): Generator<CST.Token> {
  const parser = new Parser();
  let lexemes = 0;
  let aliases = 0;
  let before = '';
  for (const lexeme of new Lexer().lex(content)) {
    const stop = (code: string) => {
      throw new Stopped({ offset: parser.offset, end: parser.offset + lexeme.length, code, message: '' });
    };
    if (++lexemes > limit) stop('TOO_LONG');
    if (lexeme.startsWith('*') && before !== CST.SCALAR && ++aliases > ALIASED_LIMIT) stop('TOO_MANY_ALIASES');
    if (parser.stack.length > OPEN_LIMIT) stop('RESOURCE_EXHAUSTION');
    before = lexeme;
    // A generator for each of a million lexemes would cost more than reading them.
    for (const token of parser.next(lexeme)) if (!isMistake(token, found)) yield token;
  }
  for (const token of parser.end()) if (!isMistake(token, found)) yield token;
}

/** Kept from the composer: a million errors that are made to be thrown away take longest of all. */
function isMistake(token: CST.Token, found: Found): boolean {
  if (token.type !== 'error') return false;
  const { offset, source, message } = token;
  found({ offset, end: offset + source.length, code: 'UNEXPECTED_TOKEN', message });
  return true;
}

/** Its handler is private, and the one place where a flood of mistakes can be stopped. */
function createComposer(found: Found): Composer {
  const composer = new Composer({
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
  type Source = number | readonly number[] | { readonly offset: number; readonly source?: string };
  const onError = (source: Source, code: string, message: string) => {
    found({ ...rangeOf(source), code, message });
  };
  return Object.assign(composer, { onError });

  function rangeOf(source: Source) {
    if (typeof source === 'number') return { offset: source, end: source + 1 };
    if ('offset' in source) return { offset: source.offset, end: source.offset + (source.source?.length ?? 1) };
    return { offset: source[0] ?? 0, end: source[1] ?? 0 };
  }
}
