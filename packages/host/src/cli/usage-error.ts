import { nearest } from '@falco-talon/core';
import { printable } from '@falco-talon/engine';
import type { CommanderError } from 'commander';
import type { CommandSpec } from './command.ts';
import { flagsFor, readLine, spellingsOf, type CommandLine } from './command-line.ts';

/** What is wrong, and lines to type instead, without the program's name. */
interface Mistake {
  readonly message: string;
  readonly instead: readonly string[];
}

/** What is wrong with a line, and below it what to type instead. The parser has said which kind of mistake it is. */
export function usageError(
  { code, message }: CommanderError,
  argv: readonly string[],
  commands: readonly CommandSpec[],
  name: string,
): string {
  const line = readLine(commands, argv);
  const mistake = mistakeOf(code, message.replace(/^error: /, ''), line, commands);
  const group = commands.some(({ path }) => path[0] === line.words[0]) ? line.words.slice(0, 1) : [];
  const hint =
    mistake.instead.length === 0
      ? `Run: ${[name, 'help', ...(line.command?.path ?? group)].join(' ')}`
      : `Did you mean: ${mistake.instead.map((text) => `${name} ${printable(text)}`).join('\n          or: ')}`;
  return `${name}: ${printable(mistake.message)}\n${hint}`;
}

function mistakeOf(code: string, message: string, line: CommandLine, commands: readonly CommandSpec[]): Mistake {
  const { command, rest } = line;
  if (code === 'commander.unknownCommand') {
    return {
      message: `unknown command '${line.words.slice(0, 2).join(' ')}'`,
      instead: commandsLike(line.words, commands),
    };
  }
  if (code === 'commander.unknownOption') return unknownOption(/'(.*)'/s.exec(message)![1]!, line, commands);
  if (command === undefined) return { message, instead: [] };
  const name = command.path.join(' ');
  if (code === 'commander.missingMandatoryOptionValue') {
    const missing = command.options.find(({ flags }) => message.includes(flags))!;
    return { message: `${name} needs ${missing.flags}: ${missing.description}`, instead: withFile(line) };
  }
  if (code === 'commander.excessArguments') {
    const excess = rest.slice(command.argument === undefined ? 0 : 1);
    return { message: `${name} takes no '${excess.join(' ')}'`, instead: withFile(line) };
  }
  if (code === 'commander.missingArgument') {
    const { name: argument, choices, description } = command.argument!;
    return { message: `${name} needs <${argument}>: ${choices?.join(', ') ?? description}`, instead: [] };
  }
  return { message, instead: [] };
}

/** Full names of commands somebody may have meant: mistyped, in the other order, or without their group. */
function commandsLike([first = '', second]: readonly string[], commands: readonly CommandSpec[]): readonly string[] {
  const firsts = nearest(
    first,
    commands.map(({ path }) => path[0]!),
  );
  const below = commands.filter(({ path }) => path[0] === firsts);
  if (firsts !== undefined && below.some(({ path }) => path.length > 1)) {
    const last = nearest(
      second ?? '',
      below.map(({ path }) => path[1]!),
    );
    return last === undefined ? below.map(({ path }) => path.join(' ')) : [`${firsts} ${last}`];
  }
  const turned = second === undefined ? [] : commands.filter(({ path }) => path.length > 1 && path[1] === first);
  const group = nearest(
    second ?? '',
    turned.map(({ path }) => path[0]!),
  );
  if (group !== undefined) return [`${group} ${first}`];
  if (firsts !== undefined) return [firsts];
  const habit = COMMAND_HABITS.get(first);
  if (habit !== undefined) return [habit];
  return commands.filter(({ path }) => path[1] === first).map(({ path }) => path.join(' '));
}

/** Commands of other programs that do the same. */
const COMMAND_HABITS = new Map([
  ['lint', 'check'],
  ['validate', 'check'],
  ['verify', 'check'],
  ['run', 'server'],
  ['start', 'server'],
  ['send', 'test-alert'],
]);

/** Options other programs have for what is called differently here. */
const OPTION_HABITS = new Map([
  ['-f', '--rules'],
  ['--file', '--rules'],
  ['--filename', '--rules'],
  ['--rules-file', '--rules'],
  ['--format', '--output'],
  ['--json', '--output json'],
  ['--yaml', '--output yaml'],
]);

function unknownOption(typed: string, { command }: CommandLine, commands: readonly CommandSpec[]): Mistake {
  const name = command?.path.join(' ') ?? '';
  const known = flagsFor(command, commands).flatMap(({ spellings }) => spellings);
  const habit = OPTION_HABITS.get(typed);
  const meant =
    habit !== undefined && known.includes(habit.split(' ')[0]!)
      ? habit
      : nearest(typed, new Set([...known.filter((flag) => flag.startsWith('--')), '--help']));
  const owners = commands.filter(({ options }) => options.some(({ flags }) => spellingsOf(flags).includes(typed)));
  if (command !== undefined && owners.length > 0) {
    const list = owners.map(({ path }) => path.join(' ')).join(', ');
    return { message: `${name} has no option ${typed}; these have it: ${list}`, instead: [] };
  }
  return {
    message: name === '' ? `unknown option ${typed}` : `${name} has no option ${typed}`,
    instead: meant === undefined || typed.length < 2 ? [] : [[name, meant].filter((word) => word !== '').join(' ')],
  };
}

/** A file that stands alone was meant for an option: YAML is rules, JSON is what the command needs. */
function withFile({ command, rest }: CommandLine): readonly string[] {
  const { path, options, argument } = command!;
  const file = rest.slice(argument === undefined ? 0 : 1)[0];
  if (file === undefined) return [];
  const needed = options.find((option) => option.required === true && option.file === true);
  const flag = /\.ya?ml$/.test(file) ? '--rules' : needed && spellingsOf(needed.flags)[0];
  return flag === undefined ? [] : [`${path.join(' ')} ${flag} ${file}`];
}
