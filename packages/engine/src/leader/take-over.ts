import { asTalonError, type Candidacy, type Logger, type Queue } from '@falco-talon/core';
import type { Observer } from '../lifecycle/engine.ts';
import type { HandoverAnswer } from './hand-over.ts';
import { handoverKey, hopsOf, readHandover } from './handover-body.ts';
import type { Leadership } from './leadership.ts';
import type { OwnMessages } from './own-messages.ts';
import { digestOf, isSignedBy, readSeal, TOLERANCE } from './seal.ts';

/** The body of a handover may be received, and is then judged. */
export interface Admitted {
  accept(body: Uint8Array): Promise<HandoverAnswer>;
}

/** Takes what other replicas hand over. */
export interface TakeOver {
  /** Judges by the seal alone, before anything of the body is read. Never rejects. */
  admit(seal: string | undefined): Promise<Admitted | HandoverAnswer>;
}

export interface TakeOverDeps {
  readonly identity: string;
  readonly leadership: Leadership;
  readonly queue: Pick<Queue, 'publish'>;
  readonly mine: OwnMessages;
  readonly observer: Observer;
  readonly logger: Logger;
  readonly now: () => number;
}

const MOST_TAKEN = 100_000;

export function createTakeOver(deps: TakeOverDeps): TakeOver {
  const { identity, leadership, queue, mine, observer, logger, now } = deps;
  /** Handovers this replica has answered with 200, or is about to. */
  const taken = new Set<string>();

  async function accept(body: Uint8Array): Promise<HandoverAnswer> {
    const message = readHandover(body);
    if (typeof message === 'string') {
      logger.error('handover cannot be read', { error: message });
      return { status: 400, code: 'malformed' };
    }
    const hops = hopsOf(message);
    const key = handoverKey(message.id, hops);
    if (mine.has(message.id)) {
      mine.promise(message.id, hops);
      return { status: 200, code: 'duplicate' };
    }
    if (taken.has(key)) return { status: 200, code: 'duplicate' };
    if (!leadership.current()) return NOT_LEADING;
    try {
      const [answer] = await queue.publish([message]);
      remember(key);
      observer.handover?.({ result: 'taken' });
      return { status: 200, code: answer ?? 'accepted' };
    } catch (error) {
      return { status: 503, code: asTalonError(error).code };
    }
  }

  function remember(key: string): void {
    taken.add(key);
    if (taken.size > MOST_TAKEN) taken.delete(taken.values().next().value!);
  }

  return {
    async admit(text) {
      const given = readSeal(text);
      if (!given) return refused('seal_malformed');
      if (given.to !== identity) return refused('seal_for_another');
      if (Math.abs(now() - given.time) > TOLERANCE) return refused('seal_expired');
      const sender = await find(leadership.candidacy(), given.from);
      if (!sender || given.from === identity || !isSignedBy(sender.publicKey, given)) return refused('seal_wrong');
      return {
        accept: async (body) => (digestOf(body) === given.digest ? accept(body) : refused('seal_wrong')),
      };
    },
  };
}

const NOT_LEADING: HandoverAnswer = { status: 421, code: 'not_leading' };

function refused(code: string): HandoverAnswer {
  return { status: 401, code };
}

async function find(candidacy: Candidacy | undefined, identity: string) {
  try {
    return await candidacy?.replica(identity);
  } catch {
    return undefined;
  }
}
