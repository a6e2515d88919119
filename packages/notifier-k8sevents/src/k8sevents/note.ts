import type { OutcomeRecord, Status } from '@falco-talon/core';
import { cutBytes, oneLine } from './text.ts';

/** Bytes the API takes. */
const LONGEST_NOTE = 1024;
/** What may be long must not push the rest out. */
const LONGEST_RESULT = 400;
const LONGEST_NAME = 100;

const LEAD: Readonly<Record<Status, string>> = {
  success: 'done',
  failure: 'failed',
  ignored: 'ignored',
  dry_run: 'dry run',
  in_progress: 'in progress',
};

/** `done: labelled pod shop/cart-0 (action "Label", rule "Shell", trace 0af7…). Alert: A shell was spawned` */
export function noteOf(record: OutcomeRecord): string {
  const result = cutBytes(oneLine(record.error ?? record.result ?? ''), LONGEST_RESULT);
  const names = [
    named('action', record.action),
    named('rule', record.rule),
    named('output', record.output_target),
    `trace ${cutBytes(oneLine(record.trace_id), LONGEST_NAME)}`,
  ];
  const said = `${LEAD[record.status] ?? oneLine(record.status)}${result === '' ? '' : `: ${result}`}`;
  return cutBytes(`${said} (${names.filter(Boolean).join(', ')}). Alert: ${oneLine(record.event)}`, LONGEST_NOTE);
}

function named(what: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : `${what} "${cutBytes(oneLine(name), LONGEST_NAME)}"`;
}
