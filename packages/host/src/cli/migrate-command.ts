import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorText } from '@falco-talon/core';
import { migrateRules, printable, problemFormatter, type RuleFile } from '@falco-talon/engine';
import { print, printProblems, type CommandInput, type CommandSpec, type ExitCode } from './command.ts';
import { prepare, readRules } from './prepare.ts';

/** Prints old rules in today's syntax, or writes them where they were. What there is to say goes to stderr. */
async function migrate(input: CommandInput): Promise<ExitCode> {
  const { program, options } = input;
  const prepared = await prepare(input);
  const { loaded, problems: unprepared } = prepared;
  const { files, problems: unread } = await readRules(prepared);
  const { migrated, problems } = migrateRules(files, loaded.registry);
  const all = [...unread, ...problems];
  printProblems(program, [...all.map(problemFormatter(files)), ...unprepared]);
  if (!migrated || unprepared.length > 0 || all.some(({ severity }) => severity === 'error')) return 1;

  if (migrated.files.length === 0) print(program.stderr, "all rules are in today's syntax already");
  if (migrated.reordered) print(program.stderr, REORDERED);
  if (options['write'] !== true) {
    print(program.stdout, migrated.text);
    return 0;
  }
  if (!migrated.separable) {
    print(program.stderr, NOT_SEPARABLE);
    return 1;
  }
  let code: ExitCode = 0;
  for (const file of migrated.files) if (!(await written(file, input))) code = 1;
  return code;
}

const REORDERED =
  'the rules stand in another order than before: those that ran before all others come first, then those that kept others from running (continue: false)';
const NOT_SEPARABLE =
  'nothing was written: rules of one file have their turn between those of another, so they belong into one file; print them without --write and put that file in the place of these';

async function written({ path, text }: RuleFile, { program }: CommandInput): Promise<boolean> {
  try {
    await writeFile(resolve(program.workingDirectory, path), text);
  } catch (error) {
    print(program.stderr, `${printable(path)}: it cannot be written: ${printable(errorText(error))}`);
    return false;
  }
  print(program.stdout, `${printable(path)} is in today's syntax now`);
  return true;
}

export const migrateCommand: CommandSpec = {
  path: ['rules', 'migrate'],
  description: "print rules of the first releases in today's syntax",
  options: [{ flags: '-w, --write', description: 'write each file in its place instead of printing' }],
  examples: [
    { line: 'falco-talon rules migrate -r old-rules.yaml', meaning: 'read what it comes to; > rules.yaml keeps it' },
    { line: 'falco-talon rules migrate -r old-rules.yaml --write', meaning: 'write it in the place of the old rules' },
  ],
  run: migrate,
};
