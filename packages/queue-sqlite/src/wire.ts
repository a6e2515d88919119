import {
  errorText,
  TalonError,
  type DeadLetter,
  type Entry,
  type Message,
  type OpenedDeadLetter,
} from '@falco-talon/core';
import { carried } from './carried.ts';
import type { LoadedMessage, WireDeadLetter, WireEntry, WireMessage, WireOpenedDeadLetter } from './protocol.ts';

/**
 * Texts are stored as the inside of their JSON form: readable with the sqlite3 tool, free of control characters,
 * and exact even for lone surrogates, which UTF-8 cannot hold.
 */
export function escapeText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function unescapeText(text: string): string {
  return JSON.parse(`"${text}"`) as string;
}

/**
 * The body is copied: the caller may use its buffer again, and a slice of a pooled buffer does not drag the pool along.
 * @throws TalonError `queue_failed`, not retryable: the journal is not JSON
 */
export function toWire(message: Message): Omit<WireMessage, 'claimed'> {
  return {
    id: escapeText(message.id),
    kind: escapeText(message.kind),
    key: escapeText(message.key),
    notBefore: message.notBefore === undefined ? null : wholeMilliseconds(message.notBefore),
    dedup: message.dedup
      ? { key: escapeText(message.dedup.key), window: wholeMilliseconds(message.dedup.window) }
      : null,
    headers: JSON.stringify(message.headers),
    body: new Uint8Array(message.body),
    journal: entriesToWire(carried(message.journal ?? [])),
  };
}

export function fromWire(key: string, row: LoadedMessage): { message: Message; journal: Entry[] } {
  return { message: messageFromWire(key, row), journal: row.journal.map(entryFromWire) };
}

function messageFromWire(key: string, row: Pick<LoadedMessage, 'id' | 'kind' | 'headers' | 'body'>): Message {
  return {
    id: unescapeText(row.id),
    kind: unescapeText(row.kind),
    key: unescapeText(key),
    headers: JSON.parse(row.headers) as Record<string, string>,
    body: row.body,
  };
}

/** @throws TalonError `queue_failed`, not retryable: an entry is not JSON */
export function entriesToWire(entries: readonly Entry[]): WireEntry[] {
  try {
    return entries.map(({ step, kind, data }) => ({
      step: escapeText(step),
      kind,
      data: JSON.stringify(data) ?? 'null',
    }));
  } catch (error) {
    throw new TalonError('queue_failed', `A journal entry cannot be stored as JSON: ${errorText(error)}`, {
      cause: error,
    });
  }
}

function entryFromWire(entry: WireEntry): Entry {
  return {
    step: unescapeText(entry.step),
    kind: entry.kind as Entry['kind'],
    data: JSON.parse(entry.data) as unknown,
  };
}

export function letterFromWire(letter: WireDeadLetter): DeadLetter {
  return {
    id: readable(letter.name),
    kind: readable(letter.kind),
    key: readable(letter.key),
    reason: readable(letter.reason),
    setAsideAt: letter.ended,
    attempts: letter.attempt,
  };
}

export function openedFromWire({ letter, message, journal }: WireOpenedDeadLetter): OpenedDeadLetter {
  return {
    ...letterFromWire(letter),
    ...(message ? { message: messageFromWire(letter.key, message) } : {}),
    ...(journal ? { journal: journal.map(entryFromWire) } : {}),
  };
}

/** Of a row that may be damaged: as it stands when it is no inside of a JSON text. */
function readable(text: string): string {
  try {
    return unescapeText(text);
  } catch {
    return text;
  }
}

/** What the database can hold: whole, and exact as a JavaScript number. */
export function wholeMilliseconds(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(Math.ceil(value), 0), Number.MAX_SAFE_INTEGER);
}
