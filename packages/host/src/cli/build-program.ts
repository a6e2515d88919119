import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { didYouMean, nearest } from '@falco-talon/core';
import { hasColours, painter } from './colour.ts';
import { readLine } from './command-line.ts';
import { COMPLETE, completionAnswer } from './completion-answer.ts';
import {
  GLOBAL_OPTIONS,
  GROUPS,
  ownName,
  print,
  type ArgumentSpec,
  type CommandSpec,
  type ExitCode,
  type OptionSpec,
  type OutputStream,
  type ProgramContext,
} from './command.ts';
import { usageError } from './usage-error.ts';

/**
 * Runs the command that `argv` (without the interpreter and the script) names.
 * Wrong usage is answered with the nearest name and code 2.
 */
export async function runCommand(
  commands: readonly CommandSpec[],
  argv: readonly string[],
  program: ProgramContext,
): Promise<{ readonly code: ExitCode; readonly flushed: boolean }> {
  if (argv[0] === COMPLETE) {
    print(program.stdout, await completionAnswer(argv.slice(1), commands, program));
    return { code: 0, flushed: false };
  }
  let code: ExitCode = 0;
  let flushed = false;
  const line = withKnownTopic(argv, commands);
  const root = buildProgram(commands, program, async (spec, options, words) => {
    flushed = spec.flushes === true;
    code = await spec.run({ program, options, words });
  });
  try {
    await root.parseAsync(line, { from: 'user' });
    return { code, flushed };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { code: 0, flushed };
    // A group without a command has shown its help already.
    if (error.code !== 'commander.help') print(program.stderr, usageError(error, line, commands, program.name));
    return { code: 2, flushed };
  }
}

/** `help rules check` is `rules check --help`. Help about what does not exist is a mistake like the command itself. */
function withKnownTopic(argv: readonly string[], commands: readonly CommandSpec[]): readonly string[] {
  const { words, ended } = readLine(commands, argv);
  const asked = words[0] === 'help';
  const topic = asked ? words.slice(1) : words;
  if (topic.length === 0 || topic[0] === 'help' || ended) return argv;
  if (!asked && !argv.some((word) => word === '--help' || word === '-h')) return argv;
  const known = commands.some(({ path }) => topic.every((word, at) => at >= path.length || path[at] === word));
  return known ? [...topic, '--help'] : topic;
}

type Action = (spec: CommandSpec, options: Record<string, unknown>, words: readonly string[]) => Promise<void>;

function buildProgram(commands: readonly CommandSpec[], program: ProgramContext, action: Action): Command {
  const root = configured(new Command(program.name), program)
    .description('Falco Talon: the response engine for Falco')
    .version(`${program.name} ${program.version}`, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'help about a command');
  for (const option of GLOBAL_OPTIONS) root.addOption(toOption(option));
  const groups = new Map<string, Command>();
  for (const spec of commands) {
    const name = spec.path.at(-1)!;
    const parent = spec.path.length === 1 ? root : group(spec.path[0]!);
    const command = configured(parent.command(name), program)
      .summary(spec.description)
      .description(spec.details === undefined ? spec.description : `${spec.description}\n\n${spec.details}`);
    for (const option of spec.options) command.addOption(toOption(option));
    if (spec.argument) command.addArgument(toArgument(spec.argument));
    command.addHelpText('after', ({ error }) => examplesText(spec, program, error ? program.stderr : program.stdout));
    command.action(async () => {
      await action(spec, command.optsWithGlobals(), command.args);
    });
  }
  return root;

  function group(name: string): Command {
    const present = groups.get(name);
    if (present) return present;
    const command = configured(root.command(name), program).description(GROUPS[name] ?? '');
    groups.set(name, command);
    return command;
  }
}

function configured(command: Command, program: ProgramContext): Command {
  const title = (text: string) => painter(program.stdout, program.environment)('title', text);
  return command
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, styleTitle: title })
    .configureOutput({
      writeOut: (text) => program.stdout.write(text),
      writeErr: (text) => program.stderr.write(text),
      getOutHasColors: () => hasColours(program.stdout, program.environment),
      getErrHasColors: () => hasColours(program.stderr, program.environment),
      getOutHelpWidth: () => helpWidth(program.stdout),
      getErrHelpWidth: () => helpWidth(program.stderr),
      // Worded by `usageError`, which knows the whole line.
      outputError: () => {},
    });
}

/** As wide as the terminal, but no wider than a line one can read; a file gets what fits any terminal. */
function helpWidth({ isTTY, columns }: OutputStream): number {
  return isTTY === true && columns !== undefined ? Math.min(columns, 120) : 80;
}

function examplesText({ examples = [] }: CommandSpec, program: ProgramContext, stream: OutputStream): string {
  if (examples.length === 0) return '';
  const paint = painter(stream, program.environment);
  const lines = examples.map(({ line, meaning }) => `  ${ownName(line, program.name)}\n      ${meaning}`);
  return `\n${paint('title', 'Examples:')}\n${lines.join('\n')}\n`;
}

function toArgument({ name, description, choices, many, optional }: ArgumentSpec): Argument {
  const word = many === true ? `${name}...` : name;
  const argument = new Argument(optional === true ? `[${word}]` : `<${word}>`, withChoices(description, choices));
  return choices ? argument.argParser(oneOf(choices)) : argument;
}

function toOption({ flags, description, choices, default: preset, repeatable, required }: OptionSpec): Option {
  const option = new Option(flags, withChoices(description, choices));
  if (choices) option.argParser(oneOf(choices));
  if (preset !== undefined) option.default(preset);
  if (required === true) option.makeOptionMandatory();
  if (repeatable === true)
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return option;
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  return choices ? `${description}: ${choices.join(', ')}` : description;
}

function oneOf(choices: readonly string[]): (value: string) => string {
  return (value) => {
    if (choices.includes(value)) return value;
    const meant = nearest(value, choices);
    throw new InvalidArgumentError(`It is one of ${choices.join(', ')}${didYouMean(meant)}`);
  };
}
