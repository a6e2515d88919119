import { Argument, Command, CommanderError, Option } from 'commander';
import {
  GLOBAL_OPTIONS,
  GROUPS,
  type ArgumentSpec,
  type CommandSpec,
  type ExitCode,
  type OptionSpec,
  type ProgramContext,
} from './command.ts';

/**
 * Runs the command that `argv` (without the interpreter and the script) names.
 * Wrong usage is answered with the nearest name and code 2.
 */
export async function runCommand(
  commands: readonly CommandSpec[],
  argv: readonly string[],
  program: ProgramContext,
): Promise<{ readonly code: ExitCode; readonly flushed: boolean }> {
  let code: ExitCode = 0;
  let flushed = false;
  const root = buildProgram(commands, program, async (spec, options, words) => {
    flushed = spec.flushes === true;
    code = await spec.run({ program, options, words });
  });
  try {
    await root.parseAsync(withKnownTopic(argv, root), { from: 'user' });
    return { code, flushed };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { code: error.exitCode === 0 ? 0 : 2, flushed };
  }
}

/** Help about a command that does not exist is a mistake like the command itself. */
function withKnownTopic(argv: readonly string[], root: Command): string[] {
  const [first, topic, ...rest] = argv;
  const unknown =
    first === 'help' &&
    topic !== undefined &&
    topic !== 'help' &&
    !root.commands.some((command) => command.name() === topic);
  return unknown ? [topic, ...rest] : [...argv];
}

type Action = (spec: CommandSpec, options: Record<string, unknown>, words: readonly string[]) => Promise<void>;

export function buildProgram(commands: readonly CommandSpec[], program: ProgramContext, action: Action): Command {
  const root = configured(new Command(program.name), program)
    .description('Falco Talon: the response engine for Falco')
    .version(`${program.name} ${program.version}`, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'help about a command');
  for (const option of GLOBAL_OPTIONS) root.addOption(toOption(option));
  const groups = new Map<string, Command>();
  for (const spec of commands) {
    const name = spec.path.at(-1)!;
    const parent = spec.path.length === 1 ? root : group(spec.path[0]!);
    const command = configured(parent.command(name), program).description(spec.description);
    for (const option of spec.options) command.addOption(toOption(option));
    if (spec.argument) command.addArgument(toArgument(spec.argument));
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
  return command
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => program.stdout.write(text),
      writeErr: (text) => program.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, `${program.name}: `)),
    });
}

function toArgument({ name, description, choices, many }: ArgumentSpec): Argument {
  const argument = new Argument(many === true ? `<${name}...>` : `<${name}>`, description);
  return choices ? argument.choices(choices) : argument;
}

function toOption({ flags, description, choices, default: preset, repeatable, required }: OptionSpec): Option {
  const option = new Option(flags, description);
  if (choices) option.choices(choices);
  if (preset !== undefined) option.default(preset);
  if (required === true) option.makeOptionMandatory();
  if (repeatable === true)
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return option;
}
