import {
  asTalonError,
  TalonError,
  type Logger,
  type Notifier,
  type OutcomeRecord,
  type Scope,
} from '@falco-talon/core';
import { withRetry } from '../calls/retry.ts';
import { withTimeLimit } from '../calls/time-limit.ts';
import type { ClientPool } from '../clients/client-pool.ts';
import type { Observer, Section } from '../lifecycle/engine.ts';
import type { Registry } from '../registry/registry.ts';
import { createOutbox, type Outbox } from './outbox.ts';

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
      outboxes.set(name, notifier && createOutbox(notifier.batch, sender(name, notifier, deps), deps.scope.signal));
    }
    return outboxes.get(name);
  }

  return {
    async submit(record, notifiers) {
      await Promise.all(
        notifiers.map(async (name) => {
          const answer = await outboxOf(name)?.put({ ...record, notifier: name });
          const { rule, rules_version, action, stage, trace_id } = record;
          const about = { rule, rules_version, action, stage, trace_id };
          if (answer === 'delivered') {
            deps.scope.logger.info('notification', { notifier: name, status: 'success', ...about });
            return;
          }
          const status = answer === 'failed' ? 'failure' : 'dropped';
          deps.observer.notification({ notifier: name, status, records: 1 });
          deps.scope.logger.warn('notification', { notifier: name, status, ...about });
        }),
      );
    },
  };
}

/** Sends one batch, with retries; answers per record whether it arrived. */
function sender(name: string, notifier: Notifier, { sections, pool, observer, scope }: NotificationDeps) {
  const settings = sections.get(name)?.value ?? {};
  // After a destination was given up on, each batch gets one try until one succeeds: no storm against a dead service.
  let broken = false;

  /** @returns the errors of the records that were not delivered, by position */
  async function call(records: readonly OutcomeRecord[]): Promise<ReadonlyMap<number, TalonError>> {
    // The rules in force keep the clients open; after a reload that drops the notifier, its last batch lets go of them.
    const lease = pool.lease();
    try {
      const refused = await withTimeLimit(`notifier ${name}`, CALL_LIMIT, scope.signal, async (signal) =>
        notifier.notify({ ...scope, signal, settings, clients: await lease.all(notifier.uses ?? {}), records }),
      );
      return new Map((refused ?? []).map(({ index, error }) => [index, asTalonError(error)]));
    } finally {
      void lease.release();
    }
  }

  return async function send(records: readonly OutcomeRecord[]): Promise<readonly boolean[]> {
    const arrived = records.map(() => false);
    let open = records.map((_, index) => index);
    let lost: TalonError | undefined;
    const startedAt = performance.now();
    try {
      await withRetry(broken ? 1 : ATTEMPTS, scope.signal, async () => {
        const failed = await call(open.map((index) => records[index]!));
        open.forEach((index, position) => (arrived[index] = !failed.has(position)));
        open = open.filter((_, position) => failed.get(position)?.retryable);
        const errors = [...failed.values()];
        lost = errors.find((error) => !error.retryable) ?? lost;
        const retry = errors.find((error) => error.retryable);
        if (retry) throw retry;
      });
      broken = false;
    } catch (thrown) {
      lost = asTalonError(thrown);
      if (scope.signal.aborted) throw lost;
      broken = !arrived.includes(true);
    }
    const delivered = arrived.filter(Boolean).length;
    if (lost)
      logFailure(scope.logger, name, lost, records.length - delivered, Math.round(performance.now() - startedAt));
    if (delivered > 0) observer.notification({ notifier: name, status: 'success', records: delivered });
    return arrived;
  };
}

function logFailure(logger: Logger, notifier: string, error: TalonError, records: number, milliseconds: number): void {
  logger.error('notifier failed', {
    notifier,
    error: error.message,
    code: error.code,
    records,
    milliseconds,
  });
}
