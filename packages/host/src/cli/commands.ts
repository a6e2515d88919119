import { print, type CommandSpec } from './command.ts';
import { completionScript, SHELLS, type Shell } from './completion.ts';
import { coverageCommand } from './coverage-command.ts';
import { explainCommand } from './explain-command.ts';
import {
  formatList,
  LIST_FORMATS,
  listActionners,
  listContexts,
  listNotifiers,
  listOutputs,
  type ListFormat,
} from './lists.ts';
import { prepare } from './prepare.ts';
import { rulesCommands } from './rules-commands.ts';
import { serverCommand } from './server-command.ts';

function listCommand(group: string, list: typeof listActionners): CommandSpec {
  return {
    path: [group, 'list'],
    description: `list the ${group} of the loaded plugins`,
    options: [{ flags: '-o, --output <format>', description: 'format', choices: LIST_FORMATS, default: 'yaml' }],
    async run(input) {
      const { loaded, problems } = await prepare(input);
      for (const problem of problems) print(input.program.stderr, problem);
      if (problems.length > 0) return 1;
      print(input.program.stdout, formatList(list(loaded.registry), input.options['output'] as ListFormat));
      return 0;
    },
  };
}

const versionCommand: CommandSpec = {
  path: ['version'],
  description: 'print the version',
  options: [],
  run: async ({ program }) => {
    print(program.stdout, `${program.name} ${program.version} (Node.js ${process.versions.node})`);
    return 0;
  },
};

const completionCommand: CommandSpec = {
  path: ['completion'],
  description: 'print a script that completes commands in a shell',
  options: [],
  argument: { name: 'shell', description: 'the shell', choices: SHELLS },
  run: async ({ program, words }) => {
    print(program.stdout, completionScript(words[0] as Shell, program.name, commands));
    return 0;
  },
};

/** Every command; the program, its help, its completion and the reference page are made from this list. */
export const commands: readonly CommandSpec[] = [
  serverCommand,
  ...rulesCommands,
  coverageCommand,
  explainCommand,
  listCommand('actionners', listActionners),
  listCommand('outputs', listOutputs),
  listCommand('notifiers', listNotifiers),
  listCommand('contexts', listContexts),
  versionCommand,
  completionCommand,
];
