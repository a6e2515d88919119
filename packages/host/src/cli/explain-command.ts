import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorText, isTalonError, parseJson, TalonError, type FalcoEvent } from '@falco-talon/core';
import { compileMatcher, decodeAlert, explainEvent, explanationText, printable } from '@falco-talon/engine';
import { fileError } from '../config/file-error.ts';
import { painter, paintMarks } from './colour.ts';
import { print, printProblems, type CommandInput, type CommandSpec, type ExitCode } from './command.ts';
import { preparedRules } from './rules-commands.ts';

/** What would happen to alerts, by the very code the server runs. Nothing is run and no cluster is needed. */
async function explain(input: CommandInput): Promise<ExitCode> {
  const { program, options } = input;
  const path = options['event'] as string;
  const prepared = await preparedRules(input);
  const events = await alertsIn(path, program.workingDirectory).catch((error: unknown) => {
    printProblems(program, [
      `${printable(path)}: ${isTalonError(error) ? printable(error.message) : fileError(error)}`,
    ]);
    return undefined;
  });
  if (prepared?.config === undefined || events === undefined) return 1;

  const { ruleSet } = prepared.rules;
  const matcher = compileMatcher(ruleSet);
  const { host } = prepared.config;
  const explanations = events.alerts.map((event) =>
    explainEvent(event, matcher, {
      observe: host.mode === 'observe',
      defaultNotifiers: host.default_notifiers,
      ruleSetVersion: ruleSet.version,
    }),
  );
  if (options['output'] === 'json') {
    print(program.stdout, JSON.stringify(events.single ? explanations[0] : explanations, undefined, 2));
  } else {
    const paint = painter(program.stdout, program.environment);
    print(program.stdout, paintMarks(explanations.map(explanationText).join('\n'), paint));
  }
  return 0;
}

interface Alerts {
  /** False: the file holds a list, or an alert a line. */
  readonly single: boolean;
  readonly alerts: readonly FalcoEvent[];
}

async function alertsIn(path: string, workingDirectory: string): Promise<Alerts> {
  const text = await readFile(resolve(workingDirectory, path), 'utf8');
  let whole: unknown;
  try {
    whole = parseJson(text);
  } catch (error) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2 || !isJson(lines[0]!))
      throw new TalonError('invalid_event', `this is not JSON: ${errorText(error)}`);
    return { single: false, alerts: lines.map((line, index) => alert(line, `alert ${index + 1}`)) };
  }
  if (!Array.isArray(whole)) return { single: true, alerts: [alert(text, 'the alert')] };
  if (whole.length === 0) throw new TalonError('invalid_event', 'the list holds no alert');
  return { single: false, alerts: whole.map((item, index) => alert(JSON.stringify(item), `alert ${index + 1}`)) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function alert(text: string, name: string): FalcoEvent {
  try {
    return decodeAlert(Buffer.from(text), { id: 'explain', traceId: '0'.repeat(32), receivedAt: 0 });
  } catch (error) {
    throw new TalonError('invalid_event', `${name}: ${errorText(error)}`);
  }
}

export const explainCommand: CommandSpec = {
  path: ['explain'],
  description: 'show what would happen to an alert: which rules match and why, which actions would run',
  options: [
    { flags: '--event <file>', description: 'alerts as JSON: one, a list, or one a line', required: true, file: true },
    { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json'], default: 'text' },
  ],
  examples: [
    { line: 'falco-talon explain -r rules.yaml --event alert.json', meaning: 'one alert, for people' },
    {
      line: 'falco-talon explain -c config.yaml --event alert.json -o json',
      meaning: "by the config's rules, for programs",
    },
  ],
  run: explain,
};
