import { GLOBAL_OPTIONS, type CommandSpec, type OptionSpec } from './command.ts';

/** An option as it may be typed. */
export interface Flag {
  readonly spec: OptionSpec;
  /** The long one first. */
  readonly spellings: readonly string[];
  readonly takesValue: boolean;
}

/** A line as far as it is typed, judged by the table alone; wrong words are kept. */
export interface CommandLine {
  /** What is no option and no value of one. */
  readonly words: readonly string[];
  /** The command the words name, when they name one. */
  readonly command: CommandSpec | undefined;
  /** The command's arguments: the words behind its name. */
  readonly rest: readonly string[];
  /** Values by the option's long name; none for an option that takes none. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** The last word is an option that still needs its value. */
  readonly open: Flag | undefined;
  /** `--` was there: the words behind it are no options. */
  readonly ended: boolean;
}

/** The long one first: `--rules`, `-r`. */
export function spellingsOf(flags: string): readonly string[] {
  return flags
    .split(/[ ,]+/)
    .filter((word) => word.startsWith('-'))
    .toReversed();
}

export function flagOf(spec: OptionSpec): Flag {
  return { spec, spellings: spellingsOf(spec.flags), takesValue: spec.flags.includes('<') };
}

/** The options of a command, or of every command when none is known yet; then the ones that go with all. */
export function flagsFor(command: CommandSpec | undefined, commands: readonly CommandSpec[]): readonly Flag[] {
  const own = command === undefined ? commands.flatMap(({ options }) => options) : command.options;
  return [...own, ...GLOBAL_OPTIONS].map(flagOf);
}

export function readLine(commands: readonly CommandSpec[], argv: readonly string[]): CommandLine {
  const words: string[] = [];
  const values = new Map<string, readonly string[]>();
  let open: Flag | undefined;
  let ended = false;
  for (const word of argv) {
    if (open !== undefined) {
      add(open, word);
      open = undefined;
    } else if (!ended && word === '--') ended = true;
    else if (ended || !word.startsWith('-') || word === '-') words.push(word);
    else open = option(word);
  }
  const command = commandOf(commands, words);
  return { words, command, rest: words.slice(command?.path.length ?? 0), values, open, ended };

  /** The option, when its value is the next word. */
  function option(word: string): Flag | undefined {
    const flags = flagsFor(commandOf(commands, words), commands);
    const [name, ...value] = word.split('=');
    const flag = flags.find(({ spellings }) => spellings.includes(word.startsWith('--') ? name! : word.slice(0, 2)));
    if (flag === undefined) return undefined;
    if (!flag.takesValue) {
      values.set(flag.spellings[0]!, []);
      return undefined;
    }
    if (word.startsWith('--')) {
      if (value.length === 0) return flag;
      add(flag, value.join('='));
      return undefined;
    }
    if (word.length === 2) return flag;
    add(flag, word.slice(2));
    return undefined;
  }

  function add({ spellings }: Flag, value: string): void {
    values.set(spellings[0]!, [...(values.get(spellings[0]!) ?? []), value]);
  }
}

function commandOf(commands: readonly CommandSpec[], words: readonly string[]): CommandSpec | undefined {
  return commands.find(({ path }) => path.every((word, index) => words[index] === word));
}
