import { setTimeout as delay } from 'node:timers/promises';
import { TalonError, type Candidacy, type Logger } from '@falco-talon/core';

/** A lead as the engine acts by it. */
export interface Term {
  readonly term: number;
  /** Aborted when it ends, however that is found out. */
  readonly signal: AbortSignal;
  /** Aborted some time later: nobody waits any more for work that did not heed the first. */
  readonly leaving: AbortSignal;
}

export interface Leadership {
  /** Undefined when another replica may lead now, by the clock, not by what was last heard. */
  current(): Term | undefined;
  /** @throws TalonError `not_leading` */
  mustLead(): void;
  /** Leads begun since the start. */
  readonly transitions: () => number;
  /** Resolves at the next change, or after so many milliseconds. */
  change(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Aborted at the next change. */
  readonly changes: () => AbortSignal;
  /** From now on this replica is a candidate. */
  stand(candidacy: Candidacy): void;
  readonly candidacy: () => Candidacy | undefined;
}

/** Work that was told to stop because the lead ended has so long to end in order. Milliseconds. */
const LEAVING = 3_000;
const LOST = () =>
  new TalonError('not_leading', 'another replica may lead now, so nothing is changed any more', { retryable: true });

export function createLeadership(logger: Logger, self: string): Leadership {
  let candidacy: Candidacy | undefined;
  let open: (Term & { readonly end: () => void }) | undefined;
  let transitions = 0;
  let leader: string | undefined;
  let changed = new AbortController();

  /** What the clock says now becomes what everybody goes by. */
  function look(): void {
    const lead = candidacy?.lead();
    if (open && open.term !== lead?.term) end(open);
    if (lead && !open) {
      open = begin(lead.term);
      transitions++;
      logger.info('this replica leads', { replica: self, term: lead.term });
    }
  }

  function end(ended: NonNullable<typeof open>): void {
    open = undefined;
    ended.end();
    logger.warn('this replica does not lead any more', { replica: self, term: ended.term });
  }

  function tell(): void {
    look();
    const now = candidacy?.leader()?.identity;
    if (now !== leader) {
      leader = now;
      if (now !== self) logger.info(now === undefined ? 'no replica leads' : 'another replica leads', { leader: now });
    }
    changed.abort();
    changed = new AbortController();
  }

  return {
    current() {
      look();
      return open;
    },
    mustLead() {
      look();
      if (!open) throw LOST();
    },
    transitions: () => transitions,
    async change(milliseconds, signal) {
      await delay(milliseconds, undefined, { signal: AbortSignal.any([signal, changed.signal]) }).catch(() => {});
    },
    changes: () => changed.signal,
    stand(given) {
      candidacy = given;
      given.watch(tell);
      tell();
    },
    candidacy: () => candidacy,
  };
}

function begin(term: number) {
  const lost = new AbortController();
  const left = new AbortController();
  return {
    term,
    signal: lost.signal,
    leaving: left.signal,
    end() {
      lost.abort(LOST());
      setTimeout(() => left.abort(), LEAVING).unref();
    },
  };
}
