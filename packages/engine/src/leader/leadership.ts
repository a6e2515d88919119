import { setTimeout as delay } from 'node:timers/promises';
import { createTenure, type Candidacy, type Logger, type Tenure } from '@falco-talon/core';

/** A lead as the engine acts by it. */
export interface Term {
  readonly term: number;
  readonly tenure: Tenure;
}

export interface Leadership {
  /** Undefined when another replica may lead now, by the clock, not by what was last heard. */
  current(): Term | undefined;
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

export function createLeadership(logger: Logger, self: string): Leadership {
  let candidacy: Candidacy | undefined;
  let open: (Term & { end(): void }) | undefined;
  let transitions = 0;
  let leader: string | undefined;
  let changed = new AbortController();

  /** What the clock says now becomes what everybody goes by. */
  function look(): void {
    const lead = candidacy?.lead();
    if (open && (open.term !== lead?.term || open.tenure.signal.aborted)) end(open);
    if (lead && !open) {
      const { term } = lead;
      open = { term, ...createTenure(() => candidacy?.lead()?.term === term) };
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
