import { GLOBAL_OPTIONS, type ArgumentSpec, type CommandSpec, type NameKind, type OptionSpec } from './command.ts';
import { flagOf, flagsFor, readLine, type CommandLine, type Flag } from './command-line.ts';

export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

export interface Candidates {
  /** `files`: the shell knows them better. */
  readonly kind: 'words' | 'files';
  readonly values: readonly Candidate[];
  /** What stands before each value in the same word: `--output=`. */
  readonly prefix?: string;
}

export type NamesOf = (kind: NameKind, line: CommandLine) => Promise<readonly Candidate[]>;

const FILES: Candidates = { kind: 'files', values: [] };
const NOTHING: Candidates = { kind: 'words', values: [] };

/** What may stand in the place of the current word, also what does not begin like it: some shells correct mistakes. */
export async function candidatesFor(
  commands: readonly CommandSpec[],
  before: readonly string[],
  current: string,
  namesOf: NamesOf,
): Promise<Candidates> {
  const line = readLine(commands, before);
  if (line.open) return values(line.open.spec);
  if (!line.ended && current.startsWith('--') && current.includes('=')) {
    const name = current.slice(0, current.indexOf('='));
    const flag = flagsFor(line.command, commands).find(({ spellings }) => spellings.includes(name));
    return flag ? { ...(await values(flag.spec)), prefix: `${name}=` } : NOTHING;
  }
  if (!line.ended && current.startsWith('-')) return options(line, commands);
  const next = nextWords(line, commands);
  if (next.length > 0) return { kind: 'words', values: next };
  const { argument } = line.command ?? {};
  if (argument && (argument.many === true || line.rest.length === 0)) return values(argument);
  return line.command && !line.ended ? options(line, commands) : NOTHING;

  async function values({ choices, file, names }: OptionSpec | ArgumentSpec): Promise<Candidates> {
    if (choices) return { kind: 'words', values: choices.map((value) => ({ value })) };
    if (names) return { kind: 'words', values: await namesOf(names, line) };
    return file === true ? FILES : NOTHING;
  }
}

/** Commands and groups below the words so far, and the topics of help. */
function nextWords({ words, command }: CommandLine, commands: readonly CommandSpec[]): readonly Candidate[] {
  if (command && words[0] !== 'help') return [];
  const path = words[0] === 'help' ? words.slice(1) : words;
  const below = commands.filter(
    (spec) => spec.path.length > path.length && path.every((word, at) => spec.path[at] === word),
  );
  const found = new Map(below.map((spec) => [spec.path[path.length]!, spec]));
  const list = Array.from(found, ([value, spec]) => ({
    value,
    ...(spec.path.length === path.length + 1 ? { description: spec.description } : {}),
  }));
  return words.length === 0 ? [...list, { value: 'help', description: 'help about a command' }] : list;
}

/** Those that are not there yet, or may be there again. */
function options(line: CommandLine, commands: readonly CommandSpec[]): Candidates {
  const flags = line.command ? flagsFor(line.command, commands) : GLOBAL_OPTIONS.map(flagOf);
  const free = flags.filter(({ spec, spellings }) => spec.repeatable === true || !line.values.has(spellings[0]!));
  return {
    kind: 'words',
    values: [
      ...free.flatMap(({ spellings, spec }: Flag) =>
        spellings.map((value) => ({ value, description: spec.description })),
      ),
      { value: '--help', description: 'display help' },
      ...(line.words.length === 0 ? [{ value: '--version', description: 'print the version' }] : []),
    ],
  };
}
