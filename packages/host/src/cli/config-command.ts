import { effectiveValues } from '../config/effective-values.ts';
import { configJson, configRows, configYaml } from '../config/print-config.ts';
import { print, printProblems, type CommandInput, type CommandSpec, type ExitCode } from './command.ts';
import { prepare } from './prepare.ts';
import { textTable } from './text-table.ts';

/** What is in force, also when something is wrong: then it is all the more of use. */
async function printConfig(input: CommandInput): Promise<ExitCode> {
  const { program, options } = input;
  const { effective, loaded, problems } = await prepare(input);
  if (effective !== undefined) {
    // Without a list the distribution's own are loaded.
    const plugins = loaded.plugins.map(({ name }) => name);
    const values = effectiveValues({ ...effective, values: { plugins, ...effective.values } });
    const formats: Readonly<Record<string, () => string>> = {
      yaml: () => configYaml(values),
      json: () => configJson(values),
      table: () => textTable(['KEY', 'ORIGIN', 'VALUE'], configRows(values), program.stdout, program.environment),
    };
    print(program.stdout, formats[options['output'] as string]!());
  }
  printProblems(program, problems);
  return problems.length === 0 ? 0 : 1;
}

export const configCommand: CommandSpec = {
  path: ['config', 'print'],
  description: 'print the configuration in force, secrets masked: every value and where it comes from',
  options: [
    { flags: '-o, --output <format>', description: 'format', choices: ['yaml', 'json', 'table'], default: 'yaml' },
  ],
  examples: [
    { line: 'falco-talon config print -c config.yaml', meaning: 'a file with every key' },
    { line: 'falco-talon config print -c config.yaml -o json', meaning: 'with origins as data, for programs' },
  ],
  run: printConfig,
};
