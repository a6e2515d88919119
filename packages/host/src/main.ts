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
 * Resolves with the exit code, when everything it printed is written: 0 fine, 1 the input is wrong, 2 wrong usage.
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
    stdout: process.stdout,
    stderr: process.stderr,
    signals: process,
    process: context === undefined ? process : undefined,
    ...context,
  };
  // A reader that went away (`| head`) is no failure of ours.
  for (const stream of [program.stdout, program.stderr]) stream.on('error', () => {});
  const { code, flushed } = await runCommand(commands, argv, program).catch((error: unknown) => {
    print(program.stderr, `${name}: ${printable(errorText(error))}`);
    return { code: 1, flushed: false };
  });
  if (!flushed) await Promise.all([written(program.stdout), written(program.stderr)]);
  return code;
}

function written(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writable) stream.write('', () => resolve());
    else resolve();
  });
}
