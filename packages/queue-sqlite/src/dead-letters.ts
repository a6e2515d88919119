import type { DeadLetters } from '@falco-talon/core';
import type { Channel } from './channel.ts';
import type { PutBack } from './protocol.ts';
import { withinLimit } from './time-limit.ts';
import { escapeText, letterFromWire, openedFromWire } from './wire.ts';

export interface DeadLettersDeps {
  readonly channel: Channel;
  /** @throws TalonError when the line has no room for so many more, or is closed; answers what gives the room back. */
  readonly reserve: (count: number) => () => void;
  /** They wait in line now. */
  readonly waiting: (letters: readonly PutBack[]) => void;
}

export function sqliteDeadLetters({ channel, reserve, waiting }: DeadLettersDeps): DeadLetters {
  const idOf = ({ name }: { readonly name: string }) => JSON.parse(`"${name}"`) as string;

  async function putBack(ids: readonly string[]): Promise<string[]> {
    const free = reserve(new Set(ids).size);
    try {
      const letters = await channel.call('deadRetry', ids.map(escapeText));
      waiting(letters);
      return letters.map(idOf);
    } finally {
      free();
    }
  }

  return {
    async list({ after, limit }) {
      const from = after === undefined ? null : escapeText(after);
      const letters = await withinLimit(channel.call('deadList', { after: from, limit }));
      return letters.map(letterFromWire);
    },
    async read(id) {
      const found = await withinLimit(channel.call('deadRead', escapeText(id)));
      return found ? openedFromWire(found) : undefined;
    },
    retry: async (ids) => withinLimit(putBack(ids)),
    async drop(ids) {
      const names = await withinLimit(channel.call('deadDrop', ids.map(escapeText)));
      return names.map((name) => idOf({ name }));
    },
  };
}
