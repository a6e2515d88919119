import { didYouMean, isTalonError, nearest } from '@falco-talon/core';
import {
  compileMatcher,
  explainEvent,
  explainRefusals,
  printable,
  type ExplainDeps,
  type Explanation,
} from '@falco-talon/engine';
import { fileError } from '../../config/file-error.ts';
import { paintMarks, painter } from '../colour.ts';
import { print, printProblems, type CommandInput, type CommandSpec, type ExitCode } from '../command.ts';
import { planOptions } from '../prepare.ts';
import { preparedRules } from '../rules-commands.ts';
import { createPrinter, EXPLAIN_FORMATS, type ExplainFormat } from './explanations-printer.ts';
import { createPacedWriter } from './paced-writer.ts';
import { readAlerts } from './read-alerts.ts';

/** What would happen to alerts, by the very code the server runs. Nothing is run and no cluster is needed. */
async function explain(input: CommandInput): Promise<ExitCode> {
  const { program, options } = input;
  const path = options['event'] as string;
  const prepared = await preparedRules(input);
  if (prepared?.config === undefined) return 1;

  const { ruleSet } = prepared.rules;
  const only = options['rule'] as readonly string[] | undefined;
  const names = ruleSet.rules.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const hint = nearest(unknown, names);
    print(
      program.stderr,
      `${program.name}: --rule: there is no rule ${printable(JSON.stringify(unknown))}${didYouMean(hint && printable(JSON.stringify(hint)))}`,
    );
    return 2;
  }

  const deps: ExplainDeps = {
    matcher: compileMatcher(ruleSet),
    registry: prepared.loaded.registry,
    options: planOptions(ruleSet, prepared.config),
  };
  const guards = { registry: deps.registry, settings: prepared.config.sections.guards };
  const write = createPacedWriter(program.stdout);
  const format = options['output'] as ExplainFormat;
  const printer = createPrinter(format);
  const paint = painter(program.stdout, program.environment);
  try {
    for await (const { event, inList } of readAlerts(path, program)) {
      const explanation = await explainRefusals(explainEvent(event, deps), event, guards);
      const text = printer.add(onlyRules(explanation, only), inList);
      if (!(await write(format === 'text' ? paintMarks(text, paint) : text))) return 0;
    }
  } catch (error) {
    // What was explained until then is a whole document, too.
    await write(printer.end());
    const name = path === '-' ? 'standard input' : printable(path);
    printProblems(program, [`${name}: ${isTalonError(error) ? printable(error.message) : fileError(error)}`]);
    return 1;
  }
  await write(printer.end());
  return 0;
}

function onlyRules(explanation: Explanation, names: readonly string[] | undefined): Explanation {
  if (names === undefined) return explanation;
  return {
    ...explanation,
    rules: explanation.rules.filter(({ rule }) => names.includes(rule)),
    plan: explanation.plan.filter(({ rule }) => names.includes(rule)),
  };
}

export const explainCommand: CommandSpec = {
  path: ['explain'],
  description: 'show what would happen to an alert: which rules match and why, which actions would run',
  options: [
    {
      flags: '--event <file>',
      description: 'alerts as JSON: one, a list, or one after the other; - reads the standard input',
      required: true,
      file: true,
    },
    { flags: '--rule <name>', description: 'show this rule only; repeatable', repeatable: true, names: 'rule' },
    { flags: '-o, --output <format>', description: 'format', choices: EXPLAIN_FORMATS, default: 'text' },
  ],
  examples: [
    { line: 'falco-talon explain -r rules.yaml --event alert.json', meaning: 'one alert, for people' },
    {
      line: 'falco-talon explain -c config.yaml --event alert.json -o json',
      meaning: "by the config's rules, for programs",
    },
    {
      line: "falco-talon explain -r rules.yaml --event alert.json --rule 'A shell in a container'",
      meaning: 'what one of the rules makes of it',
    },
  ],
  run: explain,
};
