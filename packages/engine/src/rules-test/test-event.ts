import { errorText, isTalonError, TalonError, type FalcoEvent } from '@falco-talon/core';
import { decodeAlert, type Receipt } from '../decode/decode-alert.ts';
import type { TestContent, TestFileContent } from './test-file-schema.ts';

type Given = NonNullable<TestContent['event']>;

/** Ids that are the same at every run. */
const RECEIPT: Receipt = { id: 'test', traceId: '0'.repeat(32), receivedAt: 0 };

/**
 * The alert of a test, decoded as the server does: what the file's tests have in common, over it the recorded alert, over
 * that what the test says. Fields of `output_fields` and `context` are laid over each other one by one.
 * @param recorded the text of `event_file`
 * @throws TalonError `invalid_event`
 */
export function testEvent(
  common: TestFileContent['event'],
  recorded: string | undefined,
  own: TestContent['event'],
): FalcoEvent {
  let alert: Given | undefined = common;
  if (recorded !== undefined) {
    const event = decodeRecorded(recorded);
    if (common === undefined && own === undefined) return event;
    alert = layOver(alert, rawAlert(event));
  }
  alert = layOver(alert, own);
  if (alert?.rule === undefined) {
    throw new TalonError('invalid_event', "rule is missing: the Falco rule's name, which every alert has");
  }
  return decodeAlert(Buffer.from(JSON.stringify(alert)), RECEIPT);
}

/** Nothing of a file that is no alert is quoted: a test may name any file. */
function decodeRecorded(text: string): FalcoEvent {
  try {
    return decodeAlert(Buffer.from(text), RECEIPT);
  } catch (error) {
    const message =
      isTalonError(error) && !error.message.includes('not JSON') ? errorText(error) : 'it is not one JSON object';
    throw new TalonError('invalid_event', `the file does not hold one alert: ${message}`, { cause: error });
  }
}

/** An alert as the sender could have written it. */
function rawAlert(event: FalcoEvent): Given {
  return {
    ...Object.fromEntries(event.extra),
    rule: event.rule,
    priority: event.priorityText,
    source: event.source,
    hostname: event.hostname,
    output: event.output,
    time: event.time,
    tags: [...event.tags],
    output_fields: Object.fromEntries(event.fields),
    context: Object.fromEntries(event.context),
  };
}

function layOver(below: Given | undefined, above: Given | undefined): Given | undefined {
  if (below === undefined || above === undefined) return above ?? below;
  const both = (key: 'output_fields' | 'context') =>
    (below[key] ?? above[key]) && { [key]: { ...below[key], ...above[key] } };
  return { ...below, ...above, ...both('output_fields'), ...both('context') };
}
