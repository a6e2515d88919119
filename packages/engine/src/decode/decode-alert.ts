import {
  errorText,
  isExactNumber,
  parseJson,
  PRIORITIES,
  TalonError,
  valueText,
  type FalcoEvent,
  type Priority,
} from '@falco-talon/core';
import { normaliseSource } from '../match/source.ts';
import { cutTimePrefix } from './time-prefix.ts';

/** What the receiver adds to an alert. */
export interface Receipt {
  readonly id: string;
  readonly traceId: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** More levels than any alert has; each further one costs stack in whoever walks the value. */
const MAX_DEPTH = 64;
/** Bytes that are no UTF-8 become U+FFFD: a file name may hold any byte, and the alert about it must not be lost. */
const utf8 = new TextDecoder('utf-8');
const priorities = new Map<string, Priority>([
  ...PRIORITIES.map((priority): [string, Priority] => [priority.toLowerCase(), priority]),
  ['info', 'Informational'],
]);
const KNOWN = new Set([
  'rule',
  'priority',
  'output',
  'time',
  'source',
  'hostname',
  'tags',
  'output_fields',
  'uuid',
  'context',
]);

/**
 * One Falco alert from the bytes of a body. Liberal in everything but `rule`: keys in any case, odd times, absent or
 * null parts. No digit of a number is lost.
 * @throws TalonError `invalid_event`, worded for whoever sent the body
 */
export function decodeAlert(body: Uint8Array, receipt: Receipt): FalcoEvent {
  const text = utf8.decode(body);
  const alert = parseObject(text);
  const known = new Map<string, unknown>();
  const extra = new Map<string, unknown>();
  for (const key of Object.keys(alert)) {
    const name = key.toLowerCase();
    if (!KNOWN.has(name)) extra.set(key, alert[key]);
    else if (key === name || !known.has(name)) known.set(name, alert[key]);
  }
  if (known.has('uuid')) extra.set('uuid', known.get('uuid'));

  const rule = known.get('rule');
  if (typeof rule !== 'string' || rule === '') {
    throw invalid(`"rule" must be the name of a Falco rule, not ${rule === '' ? 'an empty text' : kindOf(rule)}`);
  }
  const priorityText = valueText(known.get('priority')) ?? '';
  return {
    ...receipt,
    rule,
    priority: priorities.get(priorityText.toLowerCase()),
    priorityText,
    source: normaliseSource(textOf(known, 'source')),
    output: cutTimePrefix(textOf(known, 'output')),
    hostname: textOf(known, 'hostname'),
    time: textOf(known, 'time'),
    tags: tagsOf(known.get('tags')),
    fields: mapOf(known.get('output_fields'), 'output_fields'),
    context: mapOf(known.get('context'), 'context'),
    extra,
  };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(text, MAX_DEPTH);
  } catch (error) {
    if (error instanceof RangeError) throw invalid(`the body is ${error.message}`, error);
    throw invalid(`the body is not JSON: ${errorText(error).slice(0, 200)}`, error);
  }
  if (!isObject(value)) throw invalid(`the body must be one JSON object, not ${kindOf(value)}`);
  return value;
}

function textOf(known: ReadonlyMap<string, unknown>, key: string): string {
  return valueText(known.get(key)) ?? '';
}

function tagsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`"tags" must be a list of texts, not ${kindOf(value)}`);
  return value.map(valueText).filter((tag) => tag !== undefined);
}

/** A Map, so that no key of an alert can ever reach a prototype. */
function mapOf(value: unknown, key: string): ReadonlyMap<string, unknown> {
  if (value === undefined || value === null) return new Map();
  if (!isObject(value)) throw invalid(`"${key}" must be an object, not ${kindOf(value)}`);
  return new Map(Object.entries(value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (isExactNumber(value)) return 'a number';
  return typeof value === 'string' ? 'a text' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function invalid(message: string, cause?: unknown): TalonError {
  return new TalonError('invalid_event', message, { cause });
}
