import { errorText, type DeadLetter, type DeadLetters } from '@falco-talon/core';
import { counted, jsonText, printable } from '@falco-talon/engine';
import { painter } from '../colour.ts';
import {
  print,
  printProblems,
  type ArgumentSpec,
  type CommandInput,
  type CommandSpec,
  type ExitCode,
  type OptionSpec,
} from '../command.ts';
import { textTable } from '../text-table.ts';
import { letterData, letterText, summaryOf, timeText } from './letter-text.ts';
import { withDeadLetters } from './open-letters.ts';

/** Letters asked for, put back or dropped at a time. */
const AT_A_TIME = 500;

async function list(input: CommandInput): Promise<ExitCode> {
  const { program, options } = input;
  return withDeadLetters(input, async ({ letters, directory }) => {
    const all = await listed(letters);
    if (options['output'] === 'json') print(program.stdout, jsonText(all.map(summaryOf)));
    else if (all.length === 0) print(program.stdout, `there are no dead letters in ${printable(directory)}`);
    else print(program.stdout, table(all, input));
    return 0;
  });
}

function table(all: readonly DeadLetter[], { program }: CommandInput): string {
  const rows = all.map(({ id, setAsideAt, attempts, key, reason }) => [
    id,
    timeText(setAsideAt),
    String(attempts),
    key,
    reason,
  ]);
  return textTable(['ID', 'SET ASIDE', 'ATTEMPTS', 'KEY', 'REASON'], rows, program.stdout, program.environment);
}

async function listed(letters: DeadLetters): Promise<readonly DeadLetter[]> {
  const all = new Map<string, DeadLetter>();
  for (let after: string | undefined; ;) {
    const page = await letters.list(after === undefined ? { limit: AT_A_TIME } : { after, limit: AT_A_TIME });
    const before = all.size;
    for (const letter of page) all.set(letter.id, letter);
    after = page.at(-1)?.id;
    // A page of nothing new: the letter it starts after has just gone.
    if (page.length < AT_A_TIME || all.size === before) return [...all.values()];
  }
}

async function show(input: CommandInput): Promise<ExitCode> {
  const { program, options, words } = input;
  return withDeadLetters(input, async ({ letters, directory }) => {
    const found = await letters.read(words[0]!);
    if (!found) {
      printProblems(program, [unknown(words[0]!, directory)]);
      return 1;
    }
    const paint = painter(program.stdout, program.environment);
    print(program.stdout, options['output'] === 'json' ? jsonText(letterData(found)) : letterText(found, paint));
    return 0;
  });
}

function unknown(id: string, directory: string): string {
  return `error: there is no dead letter ${printable(id)} in ${printable(directory)}`;
}

interface Change {
  /** `put back in line` */
  readonly done: string;
  /** The key of the ids in JSON. */
  readonly key: string;
  readonly apply: (letters: DeadLetters, ids: readonly string[]) => Promise<readonly string[]>;
}

async function change(input: CommandInput, { done, key, apply }: Change): Promise<ExitCode> {
  const { program, options, words } = input;
  const all = options['all'] === true;
  if (all === words.length > 0) {
    const text = all ? 'name dead letters or --all, not both' : 'name the dead letters, or say --all';
    print(program.stderr, `${program.name}: ${text}; dead-letter list shows them`);
    return 2;
  }
  return withDeadLetters(input, async ({ letters, directory }) => {
    const ids = all ? (await listed(letters)).map(({ id }) => id) : [...new Set(words)];
    const changed = new Set<string>();
    const problems: string[] = [];
    try {
      for (let start = 0; start < ids.length; start += AT_A_TIME)
        for (const id of await apply(letters, ids.slice(start, start + AT_A_TIME))) changed.add(id);
      for (const id of ids.filter((one) => !changed.has(one))) {
        if (await letters.read(id)) problems.push(`error: ${printable(id)} is damaged and was left where it is`);
        else problems.push(unknown(id, directory));
      }
    } catch (error) {
      problems.push(`error: ${printable(errorText(error))}`);
    }
    if (options['output'] === 'json') print(program.stdout, jsonText({ [key]: [...changed] }));
    else print(program.stdout, `${counted(changed.size, 'dead letter')} ${done}`);
    printProblems(program, problems);
    return problems.length === 0 ? 0 : 1;
  });
}

const FORMAT: OptionSpec = {
  flags: '-o, --output <format>',
  description: 'format',
  choices: ['text', 'json'],
  default: 'text',
};
const ALL: OptionSpec = { flags: '--all', description: 'all there are' };
const ID = '8d6f2c1e-0b1f-4a6e-9c55-3f1d2a7b9e10';
const IDS: ArgumentSpec = { name: 'id', description: 'as list shows it', many: true, optional: true };
const DETAILS =
  'A running server is asked through a socket in its data directory, so the command must run where the server does, as its ' +
  'user and with its configuration. Without a server the queue itself is opened.';

export const deadLetterCommands: readonly CommandSpec[] = [
  {
    path: ['dead-letter', 'list'],
    description: 'list alerts that were set aside, the oldest first',
    details: DETAILS,
    options: [FORMAT],
    examples: [
      { line: 'falco-talon dead-letter list', meaning: 'which alerts were given up, when and why' },
      { line: 'falco-talon dead-letter list -o json', meaning: 'the same for a program' },
    ],
    run: list,
  },
  {
    path: ['dead-letter', 'show'],
    description: 'show an alert that was set aside, and how far each of its actions came',
    details: DETAILS,
    argument: { name: 'id', description: 'as list shows it' },
    options: [FORMAT],
    examples: [{ line: `falco-talon dead-letter show ${ID}`, meaning: 'the alert, the reason, and what was done' }],
    run: show,
  },
  {
    path: ['dead-letter', 'retry'],
    description: 'put alerts that were set aside back in line',
    details: `Actions that have a result are not run again; its attempts count from one. ${DETAILS}`,
    argument: IDS,
    options: [ALL, FORMAT],
    examples: [
      { line: `falco-talon dead-letter retry ${ID}`, meaning: 'one of them, once its cause is gone' },
      { line: 'falco-talon dead-letter retry --all', meaning: 'all, in the order they were set aside' },
    ],
    run: (input) =>
      change(input, {
        done: 'put back in line',
        key: 'put_back',
        apply: (letters, ids) => letters.retry(ids),
      }),
  },
  {
    path: ['dead-letter', 'drop'],
    description: 'delete alerts that were set aside, for good',
    details: DETAILS,
    argument: IDS,
    options: [ALL, FORMAT],
    examples: [
      { line: `falco-talon dead-letter drop ${ID}`, meaning: 'one of them' },
      { line: 'falco-talon dead-letter drop --all', meaning: 'all of them, for good' },
    ],
    run: (input) => change(input, { done: 'deleted', key: 'deleted', apply: (letters, ids) => letters.drop(ids) }),
  },
];
