import { crc32 } from 'node:zlib';
import { ENTRY_KINDS, type DeadLetter, type Entry, type Message } from '@falco-talon/core';
import { carried } from './entries.ts';

/** The first token of everything this queue stores. Another one is another version's, or somebody else's. */
const FORMAT = '1';
const HEAD = /^1 ([0-9a-f]{8}) (\d{1,9})\n/;
/** Of an entry's data. What is deeper can be read, but not written again. An alert has 64 at most. */
const MOST_LEVELS = 200;
const KINDS: ReadonlySet<unknown> = new Set(ENTRY_KINDS);

/** What is stored of a message: one line with a checksum, the particulars as JSON, then the body as received. */
export interface StoredMessage {
  /** This message and no other one, whatever its id: names its journal. */
  readonly nonce: string;
  readonly message: Message;
  readonly letter?: number;
}

export type JournalState = 'open' | 'done' | 'dead';

/** All that is known about the handling of one message. Replaced as a whole, against the revision it was read at. */
export interface JournalRecord {
  /** Who wrote it, and which of its writes this is: tells an own write whose answer was lost from another replica's. */
  readonly writer: string;
  /** The message it is about, and where that was when it was written. */
  readonly nonce: string;
  readonly event: number;
  readonly state: JournalState;
  readonly attempt: number;
  /** Milliseconds since the epoch; 0: at once. */
  readonly notBefore: number;
  readonly reason: string;
  /** When it was written, milliseconds since the epoch. */
  readonly at: number;
  readonly entries: readonly Entry[];
}

export interface StoredDead extends DeadLetter {
  /** Absent: it could not be read when it was set aside. */
  readonly journal?: readonly Entry[];
  /** Absent as above; without its body, which follows. */
  readonly message?: Omit<Message, 'body' | 'journal'>;
}

export function encodeFrame(meta: unknown, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = Buffer.from(JSON.stringify(meta));
  const crc = crc32(body, crc32(json)).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`${FORMAT} ${crc} ${json.byteLength}\n`), json, body]);
}

/** `undefined`: damaged, cut short, of another version, or not ours. The body is a copy. */
export function decodeFrame(data: Uint8Array): { meta: Record<string, unknown>; body: Uint8Array } | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const head = HEAD.exec(bytes.toString('latin1', 0, 24));
  if (!head) return undefined;
  const [line, crc, length] = head as unknown as [string, string, string];
  const end = line.length + Number(length);
  if (end > bytes.byteLength) return undefined;
  if (crc32(bytes.subarray(line.length)) !== Number.parseInt(crc, 16)) return undefined;
  try {
    const meta: unknown = JSON.parse(bytes.toString('utf8', line.length, end));
    return isMap(meta) ? { meta, body: Uint8Array.from(bytes.subarray(end)) } : undefined;
  } catch {
    return undefined;
  }
}

/** `at`: when it was accepted. `letter`: place of the dead letter it was, which ends when it begins. */
export function encodeMessage(
  message: Message,
  about: { readonly nonce: string; readonly at: number; readonly letter?: number },
): Uint8Array {
  const { body, dedup: _, journal, ...rest } = message;
  return encodeFrame({ ...about, message: { ...rest, ...(journal && { journal: carried(journal) }) } }, body);
}

export function decodeMessage(data: Uint8Array): StoredMessage | undefined {
  const frame = decodeFrame(data);
  if (!frame) return undefined;
  const { nonce, letter } = frame.meta;
  const message = messageOf(frame.meta['message']);
  if (typeof nonce !== 'string' || !/^[\w-]{8,64}$/.test(nonce) || !message) return undefined;
  return {
    nonce,
    message: { ...message, body: frame.body },
    ...(Number.isSafeInteger(letter) && { letter: Number(letter) }),
  };
}

export function decodeJournal(data: Uint8Array): JournalRecord | undefined {
  const meta = decodeFrame(data)?.meta;
  if (!meta) return undefined;
  const { writer, nonce, event, state, attempt, notBefore, reason, at, entries } = meta;
  const states: readonly unknown[] = ['open', 'done', 'dead'] satisfies JournalState[];
  const fits =
    typeof writer === 'string' &&
    typeof nonce === 'string' &&
    Number.isSafeInteger(event) &&
    states.includes(state) &&
    Number.isSafeInteger(attempt) &&
    isTime(notBefore) &&
    isTime(at) &&
    typeof reason === 'string' &&
    isEntries(entries);
  return fits ? (meta as unknown as JournalRecord) : undefined;
}

export function encodeDead(dead: StoredDead, body: Uint8Array): Uint8Array {
  return encodeFrame(dead, body);
}

export function decodeDead(data: Uint8Array): { dead: StoredDead; body: Uint8Array } | undefined {
  const frame = decodeFrame(data);
  if (!frame) return undefined;
  const { id, kind, key, reason, setAsideAt, attempts, journal, message: given } = frame.meta;
  const message = messageOf(given);
  const fits =
    [id, kind, key, reason].every((text) => typeof text === 'string') &&
    isTime(setAsideAt) &&
    Number.isSafeInteger(attempts) &&
    (journal === undefined || isEntries(journal)) &&
    (given === undefined || message);
  if (!fits) return undefined;
  return { dead: { ...(frame.meta as unknown as StoredDead), ...(message && { message }) }, body: frame.body };
}

/** With the keys of a message and no others: those of somebody else's are not handed on. */
function messageOf(value: unknown): Omit<Message, 'body'> | undefined {
  if (!isMap(value)) return undefined;
  const { id, kind, key, notBefore, headers, journal } = value;
  const fits =
    [id, kind, key].every((text) => typeof text === 'string') &&
    (notBefore === undefined || isTime(notBefore)) &&
    isMap(headers) &&
    Object.values(headers).every((text) => typeof text === 'string') &&
    (journal === undefined || isEntries(journal));
  if (!fits) return undefined;
  const message = {
    id,
    kind,
    key,
    headers,
    ...(notBefore !== undefined && { notBefore }),
    ...(journal && { journal }),
  };
  return message as Omit<Message, 'body'>;
}

function isEntries(value: unknown): value is Entry[] {
  return Array.isArray(value) && value.every((entry) => isMap(entry) && isEntry(entry));
}

function isEntry({ step, kind, data }: Record<string, unknown>): boolean {
  return typeof step === 'string' && KINDS.has(kind) && isShallow(data, MOST_LEVELS);
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
