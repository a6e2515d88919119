import { jsonText } from '@falco-talon/engine';
import { print, type CommandSpec, type ExitCode, type CommandInput } from './command.ts';

/** The plugins are those of the distribution: the version of a program does not depend on a config. */
async function version({ program, options }: CommandInput): Promise<ExitCode> {
  if (options['output'] === 'text') {
    print(program.stdout, `${program.name} ${program.version} (Node.js ${process.versions.node})`);
    return 0;
  }
  const plugins = (await program.plugins()).map(({ default: { name, apiVersion } }) => ({
    name,
    api_version: apiVersion,
  }));
  const { name, version: number } = program;
  print(program.stdout, jsonText({ name, version: number, node: process.versions.node, plugins }));
  return 0;
}

export const versionCommand: CommandSpec = {
  path: ['version'],
  description: 'print the version',
  options: [{ flags: '-o, --output <format>', description: 'format', choices: ['text', 'json'], default: 'text' }],
  examples: [
    { line: 'falco-talon version', meaning: 'for people' },
    { line: 'falco-talon version -o json', meaning: 'with the plugins of this build, for programs' },
  ],
  run: version,
};
