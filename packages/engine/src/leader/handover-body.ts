import { errorText, type Entry, type Message } from '@falco-talon/core';

/** How often a message went from one replica to another. */
const HOPS = 'hops';
const ENTRY_KINDS: ReadonlySet<unknown> = new Set<Entry['kind']>(['plan', 'intent', 'result', 'delivered', 'notified']);
const LONGEST_TEXT = 512;
const MOST_HEADERS = 20;
/** Retries of a handover whose answer was lost are found to be such for so long. Milliseconds. */
const REMEMBERED = 24 * 60 * 60 * 1000;

export function hopsOf({ headers }: Pick<Message, 'headers'>): number {
  const hops = Number(headers[HOPS] ?? 0);
  return Number.isSafeInteger(hops) && hops > 0 ? hops : 0;
}

/** What makes two handovers the same: a message may come back to a replica that had it before. */
export const handoverKey = (id: string, hops: number) => `handover ${id} ${hops}`;

/**
 * A message with what was done about it. Artifacts that were kept stay where they are: on the disk of the replica that has
 * them; what had no result yet is captured anew.
 */
export function writeHandover(
  { id, kind, key, notBefore, headers, body }: Message,
  journal: readonly Entry[],
  hops: number,
): Buffer {
  return Buffer.from(
    JSON.stringify({
      id,
      kind,
      key,
      ...(notBefore === undefined ? {} : { notBefore }),
      headers: { ...headers, [HOPS]: String(hops) },
      body: Buffer.from(body).toString('base64'),
      journal: journal.filter((entry) => ENTRY_KINDS.has(entry.kind)),
    }),
  );
}

/** The message for the queue here, or why it is none: another version, or no replica, wrote it. */
export function readHandover(body: Uint8Array): Message | string {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString());
  } catch (error) {
    return `no JSON: ${errorText(error)}`;
  }
  if (!isMap(value)) return 'no object';
  const { id, kind, key, notBefore, headers, body: encoded, journal } = value;
  if (!isText(id) || !isText(kind) || !isText(key)) return 'id, kind and key must be texts';
  if (notBefore !== undefined && !Number.isFinite(notBefore)) return 'notBefore must be a number';
  if (!isMap(headers) || Object.keys(headers).length > MOST_HEADERS || !Object.values(headers).every(isText))
    return 'headers must be texts';
  if (typeof encoded !== 'string') return 'there is no body';
  if (!Array.isArray(journal) || !journal.every(isEntry)) return 'the journal has entries that are none';
  const texts = Object.fromEntries(Object.entries(headers)) as Record<string, string>;
  if (!journal.every((entry) => isAbout(entry, texts['trace-id']))) return 'its journal is about another alert';
  return {
    id,
    kind,
    key,
    ...(notBefore === undefined ? {} : { notBefore: notBefore as number }),
    dedup: { key: handoverKey(id, hopsOf({ headers: texts })), window: REMEMBERED },
    headers: texts,
    body: Buffer.from(encoded, 'base64'),
    journal: journal.map(({ step, kind: entryKind, data }) => ({ step, kind: entryKind, data: data ?? null })),
  };
}

function isEntry(value: unknown): value is Entry {
  return isMap(value) && typeof value['step'] === 'string' && ENTRY_KINDS.has(value['kind']);
}

/** Records tell of their alert. */
function isAbout({ data }: Entry, traceId: string | undefined): boolean {
  const record = isMap(data) ? data['record'] : undefined;
  return !isMap(record) || record['trace_id'] === traceId;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT;
}
