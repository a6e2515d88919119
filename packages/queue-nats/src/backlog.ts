import { createTurns, type Message, type Turn } from '@falco-talon/core';

/** Bodies kept in memory while their messages wait; the others are read again when it is their turn. */
const CACHED_BYTES = 64 * 1024 * 1024;

/** A message of a partition this replica handles. */
export interface Item {
  /** In line: the order in which messages were first read. */
  readonly place: number;
  /** Where the server has it: elsewhere when a server that lost its end was given it once more. */
  seq: number;
  readonly partition: number;
  readonly nonce: string;
  readonly key: string;
  /** The connection it was last seen on: with a new one the sequence may be another message's. */
  generation: number;
  message: Message | undefined;
  readonly size: number;
  /** Place of the dead letter it was. */
  readonly letter: number | undefined;
}

export interface Backlog {
  /** Not handed out and not waiting already. `due`: on the clock of the turns. */
  add(item: Item, due: number): void;
  /** Of those that are due, oldest first; of each it must be told when it does not run any more: `release`. */
  take(limit: number, perKey: number, now: number): Item[];
  release(key: string): void;
  /** Waits again. */
  putBack(item: Item, due: number): void;
  /** It has ended, or is another replica's. */
  forget(item: Item): void;
  /** All of a partition, what is handed out as well: when the partition comes back, it comes again. */
  drop(partition: number): void;
  readonly known: (nonce: string) => Item | undefined;
  readonly nextDue: () => number | undefined;
}

export function createBacklog(): Backlog {
  const turns = createTurns();
  const waiting = new Map<number, Item>();
  const known = new Map<string, Item>();
  let cached = 0;

  function add(item: Item, due: number): void {
    if (item.message && cached + item.size > CACHED_BYTES) item.message = undefined;
    if (item.message) cached += item.size;
    known.set(item.nonce, item);
    waiting.set(item.place, item);
    turns.add({ seq: item.place, key: item.key, due });
  }

  /** A turn may outlive its message: its partition went to another replica. */
  function itemOf(turn: Turn): Item | undefined {
    const item = waiting.get(turn.seq);
    if (item?.key !== turn.key) return undefined;
    waiting.delete(turn.seq);
    if (item.message) cached -= item.size;
    return item;
  }

  function take(limit: number, perKey: number, now: number): Item[] {
    const items: Item[] = [];
    for (;;) {
      const taken = turns.take(limit - items.length, perKey, now);
      if (taken.length === 0) return items;
      for (const turn of taken) {
        const item = itemOf(turn);
        if (item) items.push(item);
        else turns.release(turn.key);
      }
    }
  }

  return {
    add,
    take,
    release: (key) => turns.release(key),
    putBack: add,
    forget(item) {
      if (known.get(item.nonce) === item) known.delete(item.nonce);
    },
    drop(partition) {
      for (const [place, item] of waiting) {
        if (item.partition !== partition) continue;
        waiting.delete(place);
        if (item.message) cached -= item.size;
      }
      for (const [nonce, item] of known) if (item.partition === partition) known.delete(nonce);
    },
    known: (nonce) => known.get(nonce),
    nextDue: () => turns.nextDue(),
  };
}
