import { parseJson, type DeadLetter, type OpenedDeadLetter } from '@falco-talon/core';
import { accountOf, jsonText, printable, type Account, type StepAccount } from '@falco-talon/engine';
import type { Paint } from '../colour.ts';

/** A line of the list, as data. */
export function summaryOf({ id, kind, key, reason, setAsideAt, attempts }: DeadLetter) {
  return { id, kind, key, reason, set_aside: timeText(setAsideAt), attempts };
}

/** Everything a dead letter holds, as data. */
export function letterData(letter: OpenedDeadLetter) {
  const { message, journal } = letter;
  return {
    ...summaryOf(letter),
    damaged: !message || !journal,
    ...(message && { headers: message.headers, alert: alertOf(message.body) }),
    ...(journal && accountOf(journal)),
  };
}

/** The same for people. */
export function letterText(letter: OpenedDeadLetter, paint: Paint): string {
  const { message, journal } = letter;
  const facts = [
    ['id', letter.id],
    ['set aside', timeText(letter.setAsideAt)],
    ['reason', letter.reason],
    ['attempts', String(letter.attempts)],
    ['kind', letter.kind],
    ['key', letter.key],
    ...Object.entries(message?.headers ?? {}),
  ].map(([name, value]) => `${printable(name!).padEnd(12)} ${printable(value!)}`);
  const alert = message ? alertText(message.body) : 'it is damaged and cannot be read any more';
  const plan = journal ? planText(accountOf(journal), paint) : 'its journal is damaged: nobody knows what was done';
  const damaged = message && journal ? [] : ['', 'It cannot be put back in line; drop it when you have seen enough.'];
  return [...facts, '', paint('title', 'alert'), alert, '', paint('title', 'plan'), plan, ...damaged].join('\n');
}

export function timeText(milliseconds: number): string {
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? String(milliseconds) : time.toISOString();
}

function planText({ problem, rules_version: version, steps }: Account, paint: Paint): string {
  if (problem !== undefined) return printable(problem);
  if (!steps) return 'nothing was planned yet; after a retry the rules of then judge it';
  if (steps.length === 0) return 'no actions';
  return [`rules version ${printable(version ?? '')}`, ...steps.map((step) => stepText(step, paint))].join('\n');
}

const MEANING: Readonly<Record<string, string>> = {
  begun: 'begun, without a result; a retry finds out whether it was done',
  open: 'without a result; a retry runs it',
};

function stepText(step: StepAccount, paint: Paint): string {
  const { rule, action, actionner, state, message, artifacts, dry_run: dryRun } = step;
  const shown = MEANING[state] ?? state;
  const style = state === 'failure' ? 'bad' : state === 'success' ? 'good' : 'aside';
  const name = printable(`${rule} > ${action} (${actionner}${dryRun ? ', dry run' : ''})`);
  return [
    `- ${name}: ${paint(style, printable(shown))}${message === undefined ? '' : `, ${printable(message)}`}`,
    ...(step.facts ? [`    found before it acted: ${printable(JSON.stringify(step.facts))}`] : []),
    ...artifacts.map(({ name: artifact, file, upload }) =>
      printable(`    artifact ${artifact}: ${upload === 'success' ? 'uploaded' : `in the spool as ${file}`}`),
    ),
  ].join('\n');
}

function alertText(body: Uint8Array): string {
  const alert = alertOf(body);
  return typeof alert === 'string' ? printable(alert) : jsonText(alert);
}

/** A text when it is no JSON. */
function alertOf(body: Uint8Array): unknown {
  const text = Buffer.from(body).toString();
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
