import { errorText, type Logger, type Message } from '@falco-talon/core';
import type { Backlog, Item } from './backlog.ts';
import type { Broom } from './broom.ts';
import { setAside, type SetAside } from './dead-letters.ts';
import { decodeMessage } from './frame.ts';
import { endJournal } from './journal.ts';
import type { Layout } from './layout.ts';
import type { Link, Stored } from './link.ts';

/** Messages set aside because they, or their journals, were damaged. */
export interface Damage {
  messages: number;
}

export interface EndingDeps {
  readonly link: Link;
  readonly layout: Layout;
  readonly partitions: number;
  readonly backlog: Backlog;
  readonly broom: Broom;
  readonly damage: Damage;
  readonly now: () => number;
  readonly logger: Logger;
}

export interface Endings {
  /** Its end is recorded; the message itself goes now, the record when the deletion is sure to be on disk. */
  removed(item: Item, revision: number): Promise<void>;
  /** Its record says that it is dead: the letter, then as `removed`. */
  buried(item: Item, revision: number, particulars: Particulars): Promise<void>;
  /** What is no message of this queue is kept where it can be looked at, and never acted on. */
  discard(partition: number, stored: Stored): Promise<void>;
}

type Particulars = Pick<SetAside, 'reason' | 'attempts' | 'at' | 'journal'>;

/** `again`: tried once more as if the message were to be begun; then its record says that it has ended. */
export function createEndings(deps: EndingDeps, again: (item: Item) => void): Endings {
  const { link, layout, backlog, broom, damage, now, logger } = deps;

  /** The last of each name that is being set aside: two of one name must not both find it free. */
  const naming = new Map<string, Promise<void>>();

  async function setAsideInTurn(one: SetAside): Promise<void> {
    const name = one.message?.id ?? '';
    const before = naming.get(name) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(() => setAside(deps, one));
    naming.set(name, mine);
    try {
      await mine;
    } finally {
      if (naming.get(name) === mine) naming.delete(name);
    }
  }

  async function discard(partition: number, { seq, data }: Stored): Promise<void> {
    logger.error('a message was set aside as unreadable', { seq });
    try {
      const reason = 'the stored event is damaged, or not one of this queue';
      await setAsideInTurn({ nonce: `seq-${seq}`, raw: data, seq, reason, attempts: 0, at: now() });
      await link.remove(layout.events, seq);
      damage.messages++;
    } catch (error) {
      logger.error('an unreadable message cannot be set aside', { partition, seq, error: errorText(error) });
    }
  }

  async function buried(item: Item, revision: number, particulars: Particulars): Promise<void> {
    try {
      if (!item.message && !(await load(link, layout, item))) return backlog.forget(item);
      const { nonce, seq, message } = item;
      await setAsideInTurn({ nonce, seq, ...(message && { message }), ...particulars });
      // Whatever becomes of the message: it makes no second letter when somebody has taken this one away.
      revision = await endJournal(deps, item, revision, particulars.attempts);
    } catch (error) {
      return unfinished(item, error);
    }
    await removed(item, revision);
  }

  async function removed(item: Item, revision: number): Promise<void> {
    try {
      const unsure = item.generation !== link.generation() && !(await find(link, layout, item));
      if (!unsure) await link.remove(layout.events, item.seq);
    } catch (error) {
      return unfinished(item, error);
    }
    backlog.forget(item);
    broom.later(revision);
  }

  function unfinished(item: Item, error: unknown): void {
    logger.warn('a message that has ended cannot be deleted yet', { seq: item.seq, error: errorText(error) });
    again(item);
  }

  return { removed, buried, discard };
}

/** Reads a body that was not kept. False: the message is not there any more. */
export async function load(link: Link, layout: Layout, item: Item): Promise<boolean> {
  const message = await find(link, layout, item);
  if (message) item.message = message;
  return message !== undefined;
}

/** The message, when it stands where it was read. */
export async function find(link: Link, layout: Layout, { seq, nonce }: Item): Promise<Message | undefined> {
  const stored = await link.get(layout.events, seq);
  const found = stored && decodeMessage(stored.data);
  return found?.nonce === nonce ? found.message : undefined;
}
