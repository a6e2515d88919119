import { printRules, type RuleSet } from '@falco-talon/engine';
import { print, type CommandInput, type CommandSpec, type ExitCode } from './command.ts';
import { checkRules, prepare, type CheckedRules, type Prepared } from './prepare.ts';

/** Config, plugins and rules, with all mistakes of all three printed at once; undefined when there are any. */
export async function preparedRules(
  input: CommandInput,
): Promise<(Prepared & { readonly rules: CheckedRules & { readonly ruleSet: RuleSet } }) | undefined> {
  const prepared = await prepare(input);
  const rules = await checkRules(prepared);
  const errors = [...prepared.problems, ...rules.errors];
  for (const text of [...rules.warnings, ...errors]) print(input.program.stderr, text);
  return errors.length > 0 || rules.ruleSet === undefined
    ? undefined
    : { ...prepared, rules: { ...rules, ruleSet: rules.ruleSet } };
}

async function check(input: CommandInput): Promise<ExitCode> {
  const prepared = await preparedRules(input);
  if (prepared === undefined) return 1;
  const { ruleSet, files } = prepared.rules;
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
  print(
    input.program.stdout,
    `the rules are valid: ${count(ruleSet.rules.length, 'rule')} in ${count(files.length, 'file')}`,
  );
  return 0;
}

async function printed(input: CommandInput): Promise<ExitCode> {
  const prepared = await preparedRules(input);
  if (prepared === undefined) return 1;
  print(input.program.stdout, printRules(prepared.rules.ruleSet));
  return 0;
}

export const rulesCommands: readonly CommandSpec[] = [
  { path: ['check'], description: 'check config and rules: every mistake with its place', options: [], run: check },
  { path: ['rules', 'check'], description: 'the same as check', options: [], run: check },
  { path: ['rules', 'print'], description: 'print the rules as they are after merging', options: [], run: printed },
];
