import type { Entry, Message } from '@falco-talon/core';
import type { LoadedMessage, WireEntry, WireMessage } from './protocol.ts';

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

/** The body is copied: the caller may use its buffer again, and a slice of a pooled buffer does not drag the pool along. */
export function toWire(message: Message, claimed: boolean): WireMessage {
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
    claimed,
  };
}

export function fromWire(key: string, row: LoadedMessage): { message: Message; journal: Entry[] } {
  return {
    message: {
      id: unescapeText(row.id),
      kind: unescapeText(row.kind),
      key: unescapeText(key),
      headers: JSON.parse(row.headers) as Record<string, string>,
      body: row.body,
    },
    journal: row.journal.map((entry) => ({
      step: unescapeText(entry.step),
      kind: entry.kind as Entry['kind'],
      data: JSON.parse(entry.data) as unknown,
    })),
  };
}

export function entryToWire(entry: Entry): WireEntry {
  return { step: escapeText(entry.step), kind: entry.kind, data: JSON.stringify(entry.data) ?? 'null' };
}

/** What the database can hold: whole, and exact as a JavaScript number. */
export function wholeMilliseconds(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(Math.ceil(value), 0), Number.MAX_SAFE_INTEGER);
}
