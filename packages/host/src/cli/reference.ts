import {
  GLOBAL_OPTIONS,
  ownName,
  type ArgumentSpec,
  type CommandSpec,
  type ExampleSpec,
  type OptionSpec,
} from './command.ts';
import { commands } from './commands.ts';
import { markdownTable } from './markdown-table.ts';

/** The page about every command, in Markdown. */
export function commandLineReference(name: string): string {
  const list = commands.map((command) => section(name, command));
  return `# Command line

<!-- Generated from the table of commands: run the specs of apps/talon with --update to change it. -->

\`${name} [options] <command>\`. The options below go with every command, before or after its name.

${optionTable(GLOBAL_OPTIONS)}
Exit codes: 0 fine, 1 the input (config, rules, alerts, plugins) is wrong or the output could not be written, 2 wrong usage.
Those of a server that is told to stop: [Stopping](how-it-works.md#stopping).
A mistake of usage says what to type instead; the program or a group of commands alone lists its commands, with code 2.
\`${name} help <command>\` explains a command here. An error nobody expected is one sentence; with \`FALCO_TALON_DEBUG=1\` it
says where it happened.

Results go to the standard output, mistakes and warnings to the error output. Either has colours when it is a terminal,
\`NO_COLOR\` is not set and \`TERM\` is not \`dumb\`; \`FORCE_COLOR=1\` and \`FORCE_COLOR=0\` decide otherwise.

${list.join('\n')}`;
}

function section(name: string, { path, description, details, options, argument, examples }: CommandSpec): string {
  const usage = [name, ...path, ...(argument ? [argumentName(argument)] : [])].join(' ');
  const values = argument ? `\n${argumentText(argument)}\n` : '';
  return `## \`${usage}\`\n\n${description[0]!.toUpperCase()}${description.slice(1)}.\n${details === undefined ? '' : `\n${details}\n`}${values}${options.length > 0 ? `\n${optionTable(options)}` : ''}${examplesText(name, examples)}`;
}

function examplesText(name: string, examples: readonly ExampleSpec[] = []): string {
  if (examples.length === 0) return '';
  const lines = examples.map(({ line, meaning }) => `# ${meaning}\n${ownName(line, name)}`);
  return `\n\`\`\`sh\n${lines.join('\n')}\n\`\`\`\n`;
}

function argumentName({ name, many, optional }: ArgumentSpec): string {
  return `${optional === true ? `[${name}]` : `<${name}>`}${many === true ? '…' : ''}`;
}

function argumentText({ name, description, choices }: ArgumentSpec): string {
  return choices ? `The ${name} is one of ${choices.join(', ')}.` : `\`<${name}>\`: ${description}.`;
}

function optionTable(options: readonly OptionSpec[]): string {
  const rows = options.map(({ flags, description, choices, default: preset, required }) => {
    const notes = [
      description,
      ...(choices ? [`one of ${choices.join(', ')}`] : []),
      ...(preset === undefined ? [] : [`default ${preset}`]),
      ...(required === true ? ['required'] : []),
    ];
    return [`\`${flags}\``, notes.join('; ')];
  });
  return markdownTable(['Option', 'Meaning'], rows);
}
