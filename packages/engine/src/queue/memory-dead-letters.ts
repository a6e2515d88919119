import type { DeadLetter, DeadLetters, Entry } from '@falco-talon/core';
import type { StoredMessage } from './memory-delivery.ts';

/** What is kept at most; beyond it the oldest are dropped first. */
const MOST_DEAD = 1000;
const MOST_BYTES = 32 * 1024 * 1024;

interface Kept {
  readonly letter: DeadLetter;
  readonly stored: StoredMessage;
  readonly bytes: number;
}

export interface MemoryDeadLetters {
  readonly letters: DeadLetters;
  add(stored: StoredMessage, reason: string, at: number): void;
  readonly size: () => number;
}

/** `putBack` stores all of them anew, or throws. */
export function memoryDeadLetters(putBack: (messages: readonly StoredMessage[]) => void): MemoryDeadLetters {
  /** By name, in the order they were set aside. */
  const kept = new Map<string, Kept>();
  let bytes = 0;

  function remove(id: string): void {
    bytes -= kept.get(id)?.bytes ?? 0;
    kept.delete(id);
  }

  const letters: DeadLetters = {
    async list({ after, limit }) {
      const all = [...kept.values()].map(({ letter }) => letter);
      const start = all.findIndex(({ id }) => id === after) + 1;
      return all.slice(start, start + limit);
    },
    async read(id) {
      const found = kept.get(id);
      if (!found) return undefined;
      const { message, journal } = found.stored;
      return { ...found.letter, message, journal: journal.map((entry) => JSON.parse(entry) as Entry) };
    },
    async retry(ids) {
      const known = [...new Set(ids)].filter((id) => kept.has(id));
      putBack(known.map((id) => kept.get(id)!.stored));
      known.forEach(remove);
      return known;
    },
    async drop(ids) {
      const known = [...new Set(ids)].filter((id) => kept.has(id));
      known.forEach(remove);
      return known;
    },
  };

  return {
    letters,
    add(stored, reason, at) {
      const { message, attempt, journal, seq } = stored;
      const { kind, key } = message;
      const id = kept.has(message.id) ? `${message.id}#${seq}` : message.id;
      const size = message.body.byteLength + journal.reduce((sum, entry) => sum + entry.length, 0);
      kept.set(id, { letter: { id, kind, key, reason, setAsideAt: at, attempts: attempt }, stored, bytes: size });
      bytes += size;
      for (const oldest of kept.keys()) {
        if (kept.size <= MOST_DEAD && (bytes <= MOST_BYTES || kept.size === 1)) break;
        remove(oldest);
      }
    },
    size: () => kept.size,
  };
}
