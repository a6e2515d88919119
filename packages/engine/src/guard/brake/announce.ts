import type { OutcomeRecord, Scope } from '@falco-talon/core';
import type { Observer } from '../../lifecycle/engine.ts';
import { brakeRecord } from '../../record/brake-record.ts';
import type { Budget } from './budget.ts';
import type { Engaged } from './ledger.ts';

export interface AnnounceDeps {
  readonly scope: Pick<Scope, 'logger' | 'now'>;
  readonly observer: Pick<Observer, 'brake'>;
  /** Rejects only when the process stops first. */
  readonly tell: (record: OutcomeRecord, notifiers: readonly string[]) => Promise<void>;
}

/** `left`: milliseconds until it is released. */
export function announceEngaged(
  budget: Budget,
  engaged: Engaged,
  left: number,
  { scope: { logger, now }, observer, tell }: AnnounceDeps,
): Promise<void> {
  const until = new Date(now() + left).toISOString();
  const { rule, traceId, label } = engaged;
  logger.warn('storm brake engaged', { ...fields(budget), subject: label, until, rule, trace_id: traceId });
  observer.brake({ per: budget.per, what: 'engaged' });
  const error = `storm brake engaged for ${label}: ${limitText(budget)}; what follows is only observed, until ${until}`;
  return tell(brakeRecord(engaged, { status: 'failure', error }, now()), engaged.notifiers);
}

export function announceReleased(
  budget: Budget,
  engaged: Engaged,
  { scope: { logger, now }, observer, tell }: AnnounceDeps,
): Promise<void> {
  const { observed, label, rule } = engaged;
  logger.warn('storm brake released', { ...fields(budget), subject: label, observed, rule });
  observer.brake({ per: budget.per, what: 'released' });
  const result = `storm brake released for ${label}: ${observed} ${observed === 1 ? 'action was' : 'actions were'} only observed`;
  return tell(brakeRecord(engaged, { status: 'success', result }, now()), engaged.notifiers);
}

/** Why a step is a dry run. */
export function observedText(budget: Budget, { label }: Engaged, until: number): string {
  return `storm brake: ${label} has had its ${limitText(budget)}; observed until ${new Date(until).toISOString()}`;
}

function limitText({ limit, window }: Budget): string {
  return `${limit} ${limit === 1 ? 'action' : 'actions'} in ${window / 1000} s`;
}

function fields({ per, limit, window, coolDown }: Budget) {
  return { per, limit, window_seconds: window / 1000, cool_down_seconds: coolDown / 1000 };
}
