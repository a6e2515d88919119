import { didYouMean, nearest } from '@falco-talon/core';
import { counted, printable, printRules, type RuleSet } from '@falco-talon/engine';
import { checkDoor } from './check-door.ts';
import {
  print,
  printProblems,
  type CommandInput,
  type CommandSpec,
  type ExampleSpec,
  type ExitCode,
  type OptionSpec,
} from './command.ts';
import { peerReport } from './peer-report.ts';
import { checkRules, prepare, type CheckedRules, type Prepared } from './prepare.ts';

/** Config, plugins and rules, with all mistakes of all three printed at once; undefined when there are any. */
export async function preparedRules(
  input: CommandInput,
  alsoCheck?: typeof checkDoor,
): Promise<(Prepared & { readonly rules: CheckedRules & { readonly ruleSet: RuleSet } }) | undefined> {
  const prepared = await prepare(input);
  const rules = await checkRules(prepared);
  const others = await alsoCheck?.(prepared);
  const errors = [...prepared.problems, ...rules.errors, ...(others?.errors ?? [])];
  printProblems(input.program, [...rules.warnings, ...(others?.warnings ?? []), ...errors]);
  return errors.length > 0 || rules.ruleSet === undefined
    ? undefined
    : { ...prepared, rules: { ...rules, ruleSet: rules.ruleSet } };
}

const PEER_LATER =
  'What acts otherwise than in the Go engine is told once nothing is wrong. Keys that are unknown here had no effect there: without them the rules mean what they meant.';

async function check(input: CommandInput): Promise<ExitCode> {
  const prepared = await preparedRules(input, checkDoor);
  if (prepared === undefined) {
    if (input.options['peer'] === true) print(input.program.stderr, PEER_LATER);
    return 1;
  }
  const { ruleSet, files } = prepared.rules;
  if (input.options['peer'] === true) print(input.program.stdout, peerReport(prepared, files));
  print(
    input.program.stdout,
    `the rules are valid: ${counted(ruleSet.rules.length, 'rule')} in ${counted(files.length, 'file')}`,
  );
  return 0;
}

async function printed(input: CommandInput): Promise<ExitCode> {
  const { program, words } = input;
  const prepared = await preparedRules(input);
  if (prepared === undefined) return 1;
  const { ruleSet } = prepared.rules;
  const names = new Set(ruleSet.rules.map(({ name }) => name));
  const unknown = words.filter((word) => !names.has(word));
  printProblems(
    program,
    unknown.map((word) => unknownRule(word, names)),
  );
  if (unknown.length > 0) return 1;
  const rules = words.length === 0 ? ruleSet.rules : ruleSet.rules.filter(({ name }) => words.includes(name));
  print(program.stdout, printRules({ ...ruleSet, rules }, input.options['output'] as 'yaml' | 'json'));
  return 0;
}

function unknownRule(word: string, names: Iterable<string>): string {
  const meant = nearest(word, names);
  return `there is no rule ${quoted(word)}${didYouMean(meant === undefined ? undefined : quoted(meant))}`;
}

function quoted(name: string): string {
  return printable(JSON.stringify(name));
}

function checkExamples(command: string): readonly ExampleSpec[] {
  return [
    { line: `falco-talon ${command}`, meaning: 'config.yaml in this directory, and the rules it names' },
    { line: `falco-talon ${command} -r rules.yaml -r more-rules.yaml`, meaning: 'several rules files, in this order' },
    { line: `falco-talon ${command} --peer`, meaning: 'what will act otherwise than in the Go engine, too' },
  ];
}

const DETAILS =
  'Files of certificates and credentials are read where they are here; one that is not is a warning: it may be where the server runs.';

const CHECK_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--peer',
    description: 'also tell each place where rules and config made for the Go engine will act otherwise here, and why',
  },
];

export const rulesCommands: readonly CommandSpec[] = [
  {
    path: ['check'],
    description: 'check config and rules: every mistake with its place',
    details: DETAILS,
    options: CHECK_OPTIONS,
    examples: checkExamples('check'),
    run: check,
  },
  {
    path: ['rules', 'check'],
    description: 'the same as check',
    details: DETAILS,
    options: CHECK_OPTIONS,
    examples: checkExamples('rules check'),
    run: check,
  },
  {
    path: ['rules', 'print'],
    description: 'print the rules as they are after merging',
    argument: { name: 'rule', description: 'only these', many: true, optional: true, names: 'rule' },
    options: [{ flags: '-o, --output <format>', description: 'format', choices: ['yaml', 'json'], default: 'yaml' }],
    examples: [
      {
        line: "falco-talon rules print 'A shell in a container' -r rules.yaml",
        meaning: 'one rule, every default written out',
      },
      { line: 'falco-talon rules print -r rules.yaml -r more-rules.yaml', meaning: 'what two files mean together' },
    ],
    run: printed,
  },
];
