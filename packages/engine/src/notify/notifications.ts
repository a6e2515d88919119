import { asTalonError, TalonError, type Notifier, type OutcomeRecord, type Scope } from '@falco-talon/core';
import { withRetry } from '../calls/retry.ts';
import { withTimeLimit } from '../calls/time-limit.ts';
import type { ClientPool } from '../clients/client-pool.ts';
import type { Observer, Section } from '../lifecycle/engine.ts';
import type { Registry } from '../registry/registry.ts';
import { createBreaker } from './breaker.ts';
import { createOutbox, LONGEST_WAIT, type Outbox } from './outbox.ts';

const CALL_LIMIT = 10_000;
const ATTEMPTS = 5;

export interface Notifications {
  /**
   * Tells these notifiers. Resolves when each was told or given up on; never rejects and never holds a response up.
   * Rejects with `aborted` only when the process stops first, so that the record is sent after the restart.
   */
  submit(record: OutcomeRecord, notifiers: readonly string[]): Promise<void>;
}

export interface NotificationDeps {
  readonly registry: Registry;
  readonly sections: ReadonlyMap<string, Section>;
  readonly pool: ClientPool;
  readonly observer: Observer;
  readonly scope: Scope;
}

export function createNotifications(deps: NotificationDeps): Notifications {
  const outboxes = new Map<string, Outbox | undefined>();

  function outboxOf(name: string): Outbox | undefined {
    if (!outboxes.has(name)) {
      const notifier = deps.registry.notifiers.get(name)?.part;
      outboxes.set(
        name,
        notifier && createOutbox(notifier.batch, sender(name, notifier, deps), deps.scope.signal, () => outboxes.size),
      );
    }
    return outboxes.get(name);
  }

  return {
    async submit(record, notifiers) {
      await Promise.all(
        notifiers.map(async (name) => {
          const outbox = outboxOf(name);
          const lost = outbox ? await outbox.put({ ...record, notifier: name }) : 'dropped';
          tell(name, record, lost, deps);
        }),
      );
    },
  };
}

/** The one log line of a notification. Successes are counted by the batch. */
function tell(
  notifier: string,
  { rule, rules_version, action, stage, trace_id }: OutcomeRecord,
  lost: 'dropped' | TalonError | undefined,
  { observer, scope: { logger } }: NotificationDeps,
): void {
  const about = { rule, rules_version, action, stage, trace_id };
  if (!lost) return logger.info('notification', { notifier, status: 'success', ...about });
  const status = lost === 'dropped' ? 'dropped' : 'failure';
  observer.notification({ notifier, status, records: 1 });
  const why = lost === 'dropped' ? {} : { error: lost.message, code: lost.code };
  logger.error('notification', { notifier, status, ...about, ...why });
}

/** Sends one batch, with retries; answers per record why it did not arrive. */
function sender(name: string, notifier: Notifier, { sections, pool, observer, scope }: NotificationDeps) {
  const settings = sections.get(name)?.value ?? {};
  const breaker = createBreaker();

  /** @returns the errors of the records that were not delivered, by their index */
  async function call(
    open: readonly number[],
    all: readonly OutcomeRecord[],
  ): Promise<ReadonlyMap<number, TalonError>> {
    const records = open.map((index) => all[index]!);
    // The rules in force keep the clients open; after a reload that drops the notifier, its last batch lets go of them.
    const lease = pool.lease();
    try {
      const refused = await withTimeLimit(`notifier ${name}`, CALL_LIMIT, scope.signal, async (signal) =>
        notifier.notify({ ...scope, signal, settings, clients: await lease.all(notifier.uses ?? {}), records }),
      );
      return new Map((refused ?? []).map(({ index, error }) => [open[index] ?? -1, asTalonError(error)]));
    } finally {
      void lease.release();
    }
  }

  /** The same, unless the destination is left alone for now. */
  async function callWhenOpen(...given: Parameters<typeof call>): ReturnType<typeof call> {
    await breaker.pass(scope.signal);
    try {
      const failed = await call(...given);
      const errors = [...failed.values()];
      if (errors.length < given[0].length || !errors.every(({ retryable }) => retryable)) answered();
      else unanswered(errors[0]!);
      return failed;
    } catch (thrown) {
      const error = asTalonError(thrown);
      // What will be refused each time was answered all the same.
      if (error.retryable) unanswered(error);
      else answered();
      throw error;
    }
  }

  function answered(): void {
    if (breaker.succeeded()) scope.logger.info('notifier answers again', { notifier: name });
  }

  function unanswered({ message, code }: TalonError): void {
    if (breaker.failed())
      scope.logger.warn('notifier left alone for a while', { notifier: name, error: message, code });
  }

  return async function send(records: readonly OutcomeRecord[]): Promise<readonly (TalonError | undefined)[]> {
    const errors = records.map((): TalonError | undefined => undefined);
    let open = records.map((_, index) => index);
    const until = performance.now() + LONGEST_WAIT;
    async function sendOpen(): Promise<void> {
      const failed = await callWhenOpen(open, records);
      for (const index of open) errors[index] = failed.get(index);
      open = open.filter((index) => errors[index]?.retryable);
      if (open[0] !== undefined) throw errors[open[0]]!;
    }
    try {
      // One that is left alone is asked by one batch after the other, each once, until it answers.
      const inTime = (wait: number) => performance.now() + wait < until;
      await withRetry(breaker.isOpen() ? 1 : ATTEMPTS, scope.signal, sendOpen, { again: inTime });
    } catch (thrown) {
      if (scope.signal.aborted) throw asTalonError(thrown);
      // A call that failed as a whole says why for all it was about.
      const error = asTalonError(thrown);
      if (!errors.includes(error)) for (const index of open) errors[index] = error;
    }
    const delivered = errors.filter((error) => error === undefined).length;
    if (delivered > 0) observer.notification({ notifier: name, status: 'success', records: delivered });
    return errors;
  };
}
