import type { DeadLetter, DeadLetters, Entry, Message, OpenedDeadLetter } from '@falco-talon/core';
import { decodeDead, encodeDead, encodeMessage, type StoredDead } from './frame.ts';
import { partitionOf, type Layout } from './layout.ts';
import type { Link, Stored } from './link.ts';
import { newNonce } from './publisher.ts';

/** A letter nobody can read is named by its place. */
const UNREADABLE = /^unreadable-(\d{1,15})$/;

export interface SetAside {
  readonly nonce: string;
  /** Absent: unreadable; then `raw` is what was stored. */
  readonly message?: Message;
  readonly raw?: Uint8Array;
  readonly seq: number;
  readonly journal?: readonly Entry[];
  readonly reason: string;
  readonly attempts: number;
  readonly at: number;
}

export interface DeadDeps {
  readonly link: Link;
  readonly layout: Layout;
  readonly partitions: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Stores it, once however often it is called: the move may have been cut short. */
export async function setAside({ link, layout }: DeadDeps, one: SetAside): Promise<void> {
  if (await link.next(layout.dead, 1, layout.anyDeadSubject(one.nonce))) return;
  const name = one.message?.id ?? `event-${one.seq}`;
  const taken = await link.next(layout.dead, 1, layout.deadSubject(name, '*'));
  const id = taken ? `${name}#${one.seq}` : name;
  const subject = layout.deadSubject(id, one.nonce);
  const { body = one.raw ?? new Uint8Array(0), journal: _, dedup: __, ...message } = one.message ?? {};
  const dead: StoredDead = {
    id,
    kind: one.message?.kind ?? 'unknown',
    key: one.message?.key ?? '',
    reason: one.reason,
    setAsideAt: one.at,
    attempts: one.attempts,
    ...(one.journal && { journal: one.journal }),
    ...(one.message && { message: message as Omit<Message, 'body' | 'journal'> }),
  };
  const most = (link.connection.info?.max_payload ?? Infinity) - 1024;
  const whole = encodeDead(dead, body);
  if (whole.byteLength <= most) return void (await link.publish(subject, whole));
  const { journal: ___, ...short } = dead;
  const reason = `${dead.reason} (its journal was too large to be kept with it)`;
  await link.publish(subject, encodeDead({ ...short, reason }, body));
}

/** A letter that was put back ends at the latest when its message begins, so that it cannot be put back once more. */
export async function removeRetried({ link, layout }: DeadDeps, seq: number, id: string): Promise<void> {
  const stored = await link.get(layout.dead, seq);
  // A server that lost its end gives numbers a second time.
  if (stored && decodeDead(stored.data)?.dead.message?.id === id) await link.remove(layout.dead, seq);
}

export function createDeadLetters(deps: DeadDeps): DeadLetters {
  const { link, layout, partitions, now } = deps;

  async function find(id: string): Promise<Stored | undefined> {
    const place = UNREADABLE.exec(id)?.[1];
    if (place !== undefined) return link.get(layout.dead, Number(place));
    const ofId = layout.deadSubject(id, '*');
    return link.next(layout.dead, 1, ofId);
  }

  async function list({ after, limit }: { after?: string; limit: number }): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    const before = after === undefined ? undefined : await find(after);
    let from = (before?.seq ?? 0) + 1;
    while (letters.length < limit) {
      const stored = await link.next(layout.dead, from, layout.anyDeadSubject('*'));
      if (!stored) break;
      letters.push(letterOf(stored));
      from = stored.seq + 1;
    }
    return letters;
  }

  async function read(id: string): Promise<OpenedDeadLetter | undefined> {
    const stored = await find(id);
    return stored && openedOf(stored);
  }

  async function retry(ids: readonly string[]): Promise<string[]> {
    const found = await Promise.all([...new Set(ids)].map(async (id) => ({ id, stored: await find(id) })));
    const back = found.flatMap(({ id, stored }) => {
      const { message, journal } = (stored && openedOf(stored)) ?? {};
      return stored && message && journal ? [{ id, seq: stored.seq, message: { ...message, journal } }] : [];
    });
    const sent = back.map(({ seq, message }) => {
      const subject = layout.eventSubject(partitionOf(message.key, partitions));
      // Asked for again after it was cut short, the server knows those that are back already.
      return link.publish(subject, encodeMessage(message, { nonce: newNonce(), at: now(), letter: seq }), {
        msgId: `${layout.dead}:${seq}`,
      });
    });
    const failed = (await Promise.allSettled(sent)).find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    await Promise.all(back.map(({ seq }) => link.remove(layout.dead, seq)));
    return back.map(({ id }) => id);
  }

  async function drop(ids: readonly string[]): Promise<string[]> {
    const dropped = await Promise.all(
      [...new Set(ids)].map(async (id) => {
        const stored = await find(id);
        return stored && (await link.remove(layout.dead, stored.seq)) ? [id] : [];
      }),
    );
    return dropped.flat();
  }

  return { list, read, retry, drop };
}

function letterOf({ seq, data }: Stored): DeadLetter {
  const dead = decodeDead(data)?.dead;
  if (!dead) {
    const reason = 'it cannot be read any more';
    return { id: `unreadable-${seq}`, kind: 'unknown', key: '', reason, setAsideAt: 0, attempts: 0 };
  }
  const { id, kind, key, reason, setAsideAt, attempts } = dead;
  return { id, kind, key, reason, setAsideAt, attempts };
}

function openedOf(stored: Stored): OpenedDeadLetter {
  const { dead, body } = decodeDead(stored.data) ?? {};
  return {
    ...letterOf(stored),
    ...(dead?.message && body && { message: { ...dead.message, body } }),
    ...(dead?.journal && { journal: dead.journal }),
  };
}
