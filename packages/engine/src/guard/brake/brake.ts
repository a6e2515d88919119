import { createHash } from 'node:crypto';
import { errorText, type Effect, type FalcoEvent, type StepNames, type Subject, type Target } from '@falco-talon/core';
import { announceEngaged, announceReleased, observedText, type AnnounceDeps } from './announce.ts';
import { readBrakeFile, setBrakeFileAside, writeBrakeFile } from './brake-file.ts';
import { budgetIdentity, covers, type Budget } from './budget.ts';
import { ALL_KEYS, createLedger, type Engaged, type Ledger } from './ledger.ts';
import { createSaver } from './saver.ts';
import { scopeKey, type ScopeKey } from './scope-key.ts';
import { contentOf, restoreLedgers } from './snapshot.ts';
import type { SteadyClock } from './steady-clock.ts';

/** Longest timer Node has; a brake that is on for longer is looked at again. */
const LONGEST_TIMER = 2 ** 31 - 1;
const MAX_EVENT = 1024;

/** A step that is about to change something. */
export interface Charge {
  readonly event: FalcoEvent;
  readonly step: StepNames;
  readonly target: Target | undefined;
  /** What a guard found the target to be part of. */
  readonly subject: Subject | undefined;
  readonly effect: Effect;
  /** Told when this step engages a brake. */
  readonly notifiers: readonly string[];
}

/** Counts what changes something, and turns it into a dry run where it has become too much. */
export interface Brake {
  /**
   * Counts the step against every budget that covers it; one that was counted before, by an attempt or a process before
   * this one, is not counted again.
   * @returns why the step must not act; it then counts against no budget
   */
  charge(charge: Charge): string | undefined;
  /** Writes what was counted. */
  close(): Promise<void>;
}

export interface BrakeDeps extends AnnounceDeps {
  readonly budgets: readonly Budget[];
  readonly directory: string;
  readonly clock: SteadyClock;
}

interface Counted extends ScopeKey {
  readonly ledger: Ledger;
}

/** With what the process before had counted. A file that cannot be used is put aside and told of: counting begins anew. */
export async function openBrake(deps: BrakeDeps): Promise<Brake> {
  const { budgets, directory, clock, scope, observer } = deps;
  if (budgets.length === 0) return { charge: () => undefined, close: async () => {} };
  const ledgers = [...new Map(budgets.map((budget) => [budgetIdentity(budget), createLedger(budget)])).values()];
  const saver = createSaver(() => writeBrakeFile(directory, contentOf(ledgers, clock)), scope.logger);
  let timer: NodeJS.Timeout | undefined;
  await restore();

  async function restore(): Promise<void> {
    try {
      const content = await readBrakeFile(directory);
      if (content) restoreLedgers(ledgers, content, clock);
    } catch (error) {
      scope.logger.error('storm brake file not usable: counting begins anew', { error: errorText(error) });
      await setBrakeFileAside(directory);
    }
    for (const ledger of ledgers) {
      for (const [, { engaged }] of ledger.entries(clock.now())) {
        if (!engaged) continue;
        if (engaged.told) observer.brake({ per: ledger.budget.per, what: 'restored' });
        else tellEngaged(ledger.budget, engaged);
      }
    }
    release();
  }

  function tellEngaged(budget: Budget, engaged: Engaged): void {
    announceEngaged(budget, engaged, Math.max(0, engaged.until - clock.now()), deps).then(
      () => {
        engaged.told = true;
        saver.soon();
      },
      () => {}, // the process stops: told after the restart
    );
  }

  /** Ends what is over, and comes back when the next one is. */
  function release(): void {
    clearTimeout(timer);
    let next = Infinity;
    for (const ledger of ledgers) {
      for (const released of ledger.release(clock.now())) {
        void announceReleased(ledger.budget, released, deps).catch(() => {});
        saver.soon();
      }
      next = Math.min(next, ledger.nextRelease() ?? Infinity);
    }
    const wait = Math.max(1, Math.ceil(next - clock.now()));
    if (next < Infinity) timer = setTimeout(release, Math.min(wait, LONGEST_TIMER)).unref();
  }

  function observe({ budget }: Ledger, engaged: Engaged): string {
    engaged.observed++;
    observer.brake({ per: budget.per, what: 'observed' });
    saver.soon();
    return observedText(budget, engaged, scope.now() + Math.max(0, engaged.until - clock.now()));
  }

  function engage({ ledger, label }: Counted, key: string, { event, step, notifiers }: Charge): Engaged {
    const engaged: Engaged = {
      until: clock.now() + ledger.budget.coolDown,
      label: key === ALL_KEYS ? 'everything the budget covers' : label,
      notifiers,
      rule: step.rule,
      event: (event.output || event.rule).slice(0, MAX_EVENT).toWellFormed(),
      traceId: event.traceId,
      observed: 0,
      told: false,
    };
    ledger.engage(key, engaged);
    tellEngaged(ledger.budget, engaged);
    return engaged;
  }

  return {
    charge(charge) {
      const { step, effect } = charge;
      const about = { ...charge, rule: step.rule };
      const counted: Counted[] = [];
      for (const ledger of ledgers) {
        const scoped = covers(ledger.budget, step.actionner, effect) && scopeKey(ledger.budget.per, about);
        if (scoped) counted.push({ ledger, ...scoped });
      }
      if (counted.length === 0) return undefined;
      release();
      const now = clock.now();
      const act = { at: now, step: createHash('sha256').update(step.id).digest('base64url').slice(0, 16) };
      if (counted.some(({ ledger, key }) => ledger.has(key, act.step, now))) return undefined;
      for (const { ledger, key } of counted) {
        const engaged = ledger.engaged(key);
        if (engaged) return observe(ledger, engaged);
      }
      let reason: string | undefined;
      for (const one of counted) {
        const key = one.ledger.exhausted(one.key, now);
        if (key !== undefined) reason ??= observe(one.ledger, engage(one, key, charge));
      }
      if (reason !== undefined) {
        release();
        saver.now();
        return reason;
      }
      for (const { ledger, key } of counted) ledger.count(key, act);
      saver.soon();
      return undefined;
    },
    async close() {
      clearTimeout(timer);
      await saver.close();
    },
  };
}
