import { homedir } from 'node:os';
import type { Writable } from 'node:stream';
import { errorText } from '@falco-talon/core';
import { printable } from '@falco-talon/engine';
import { runCommand } from './cli/build-program.ts';
import { print, type ProgramContext } from './cli/command.ts';
import { commands } from './cli/commands.ts';
import type { PluginModule } from './plugins/load-plugins.ts';

export interface TalonOptions {
  /** The plugins of this build; called by the commands that need them. */
  readonly plugins: () => Promise<readonly PluginModule[]>;
  /** Name of the binary. */
  readonly name: string;
  readonly version: string;
  /** The program's own directory (`import.meta.dirname`): the last place where plugins named in the config are looked for. */
  readonly directory: string;
  /** Without the interpreter and the script. */
  readonly argv: readonly string[];
  /** Defaults to the surroundings of this process. A given one is used as it is, and this process is left alone. */
  readonly context?: Partial<Omit<ProgramContext, 'plugins' | 'name' | 'version' | 'directory'>>;
}

/**
 * The program `falco-talon`, or a custom build of it.
 * Resolves with the exit code, when everything it printed is written: 0 fine, 1 the input is wrong (or the output could
 * not be written), 2 wrong usage.
 */
export async function runTalon({ plugins, name, version, directory, argv, context }: TalonOptions): Promise<number> {
  const program: ProgramContext = {
    plugins,
    name,
    version,
    directory,
    environment: process.env,
    homeDirectory: homedir(),
    workingDirectory: process.cwd(),
    stdin: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signals: process,
    process: context === undefined ? process : undefined,
    ...context,
  };
  for (const stream of [program.stdout, program.stderr]) stream.on('error', () => {});
  const { code, flushed } = await runCommand(commands, argv, program).catch((error: unknown) => {
    print(program.stderr, unexpected(error, program));
    return { code: 1, flushed: false };
  });
  if (flushed) return code;
  await written(program.stdout);
  const reason = writeFailure(program.stdout);
  if (reason !== undefined) print(program.stderr, `${name}: the output could not be written: ${printable(reason)}`);
  await written(program.stderr);
  return reason === undefined ? code : 1;
}

/** Why the output is not complete. A reader that went away (`| head`) is no failure of ours. */
function writeFailure({ errored }: Writable): string | undefined {
  return errored === null || (errored as NodeJS.ErrnoException).code === 'EPIPE' ? undefined : errorText(errored);
}

/** Commands word what they expect; whatever else is thrown is a mistake of the program or of a plugin. */
function unexpected(error: unknown, { name, environment }: ProgramContext): string {
  const stack =
    (environment['FALCO_TALON_DEBUG'] ?? '') === '' ? undefined : (error as { stack?: unknown } | null)?.stack;
  if (typeof stack === 'string')
    return stack
      .split('\n')
      .map((line) => printable(line))
      .join('\n');
  return `${name}: ${printable(errorText(error))}\nThis was not expected; with FALCO_TALON_DEBUG=1 it says where it happened.`;
}

function written(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writable) stream.write('', () => resolve());
    else resolve();
  });
}
