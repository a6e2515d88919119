import { didYouMean, nearest, valueText } from '@falco-talon/core';
import { printable, jsonText, yamlText } from '@falco-talon/engine';
import {
  print,
  printProblems,
  type CommandInput,
  type CommandSpec,
  type NameKind,
  type ProgramContext,
} from './command.ts';
import {
  listActionners,
  listContexts,
  listNotifiers,
  listOutputs,
  listPlugins,
  listRules,
  type ListItem,
} from './lists.ts';
import { prepare } from './prepare.ts';
import { preparedRules } from './rules-commands.ts';
import { textTable } from './text-table.ts';

interface List {
  readonly group: string;
  readonly of: string;
  /** Keys of the items; the last one is cut where the terminal ends. */
  readonly columns: readonly string[];
  /** Undefined: the mistakes are printed already. */
  readonly items: (input: CommandInput) => Promise<readonly ListItem[] | undefined>;
}

function partList(
  group: string,
  columns: readonly string[],
  items: (loaded: Awaited<ReturnType<typeof prepare>>['loaded']) => readonly ListItem[],
): List {
  return {
    group,
    of: group === 'plugins' ? 'the loaded plugins' : `the ${group} of the loaded plugins`,
    columns,
    async items(input) {
      const { loaded, problems } = await prepare(input);
      printProblems(input.program, problems);
      return problems.length > 0 ? undefined : items(loaded);
    },
  };
}

const actionners = partList('actionners', ['name', 'sources', 'continue', 'output', 'description'], ({ registry }) =>
  listActionners(registry),
);
const outputs = partList('outputs', ['name', 'plugin', 'description'], ({ registry }) => listOutputs(registry));
const notifiers = partList('notifiers', ['name', 'plugin', 'description'], ({ registry }) => listNotifiers(registry));
const contexts = partList('contexts', ['name', 'plugin', 'description'], ({ registry }) => listContexts(registry));
const plugins = partList('plugins', ['name', 'api_version', 'parts'], listPlugins);
const rules: List = {
  group: 'rules',
  of: 'the rules in the order they are tried',
  columns: ['name', 'actions', 'continue', 'dry_run', 'place', 'match'],
  async items(input) {
    const prepared = await preparedRules(input);
    return prepared && listRules(prepared.rules.ruleSet);
  },
};

function listCommand(list: List): CommandSpec {
  const { group, of, columns, items } = list;
  const files = group === 'rules' ? ' -r rules.yaml' : '';
  return {
    path: [group, 'list'],
    description: `list ${of}`,
    options: [
      { flags: '-o, --output <format>', description: 'format', choices: ['yaml', 'json', 'table'], default: 'yaml' },
    ],
    examples: [
      { line: `falco-talon ${group} list${files} -o table`, meaning: 'a line for each' },
      { line: `falco-talon ${group} list${files} -o json`, meaning: 'everything, for programs' },
    ],
    async run(input) {
      const found = await items(input);
      if (found === undefined) return 1;
      print(input.program.stdout, formatted(found, columns, String(input.options['output']), input.program));
      return 0;
    },
  };
}

function formatted(
  items: readonly ListItem[],
  columns: readonly string[],
  format: string,
  { stdout, environment }: ProgramContext,
): string {
  if (format === 'json') return jsonText(items);
  if (format === 'yaml') return yamlText(items);
  const rows = items.map((item) => columns.map((column) => cell(item, column)));
  return textTable(
    columns.map((column) => column.replaceAll('_', ' ').toUpperCase()),
    rows,
    stdout,
    environment,
  );
}

function cell(item: ListItem, column: string): string {
  if (column === 'parts') {
    const { name: _name, api_version: _version, category: _category, ...parts } = item;
    return Object.values(parts).flat().join(', ');
  }
  const value = item[column];
  if (!Array.isArray(value)) return valueText(value) ?? '';
  return value
    .map((one: string | { readonly actionner: string }) => (typeof one === 'string' ? one : one.actionner))
    .join(', ');
}

function showCommand({ group, items }: List, kind: NameKind, example: string): CommandSpec {
  const one = group.slice(0, -1);
  return {
    path: [group, 'show'],
    description: `show everything about ${one.startsWith('a') || one.startsWith('o') ? 'an' : 'a'} ${one}`,
    argument: { name: 'name', description: 'its full name', names: kind },
    options: [{ flags: '-o, --output <format>', description: 'format', choices: ['yaml', 'json'], default: 'yaml' }],
    examples: [
      { line: `falco-talon ${group} show ${example}`, meaning: `the keys of ${example}, and what each means` },
    ],
    async run(input) {
      const { program, words, options } = input;
      const found = await items(input);
      if (found === undefined) return 1;
      const item = found.find(({ name }) => name === words[0]);
      if (item === undefined) {
        printProblems(program, [`there is no ${one} ${printable(words[0]!)}${hint(words[0]!, found)}`]);
        return 1;
      }
      print(program.stdout, options['output'] === 'json' ? jsonText(item) : yamlText(item));
      return 0;
    },
  };
}

function hint(word: string, found: readonly ListItem[]): string {
  const names = found.map(({ name }) => String(name));
  const meant = names.find((name) => name.endsWith(`:${word}`)) ?? nearest(word, names);
  return meant === undefined ? `; there are: ${names.join(', ') || 'none'}` : didYouMean(meant);
}

export const listCommands: readonly CommandSpec[] = [
  listCommand(rules),
  listCommand(actionners),
  showCommand(actionners, 'actionner', 'kubernetes:terminate'),
  listCommand(outputs),
  showCommand(outputs, 'output', 'local:file'),
  listCommand(notifiers),
  showCommand(notifiers, 'notifier', 'webhook'),
  listCommand(contexts),
  showCommand(contexts, 'context', 'k8snode'),
  listCommand(plugins),
];
