import {
  asTalonError,
  fit,
  TalonError,
  type Notifier,
  type OutcomeRecord,
  type TObject,
  type Uses,
} from '@falco-talon/core';
import type { RunOptions } from './attempt.ts';
import { openClients } from './clients.ts';
import { issueText } from './issue-text.ts';
import { testScope, type LogLine } from './scope.ts';
import { thrownWhile, timeLimit } from './time-limit.ts';

/** A record of a label that was set on pod `cart-x2x9z`, with whatever is given instead. */
export function outcomeRecord(changes: Partial<OutcomeRecord> = {}): OutcomeRecord {
  return {
    time: '2026-01-02T03:04:05.678Z',
    trace_id: '00000000000000000000000000000001',
    rule: 'Suspicious shell',
    event: 'A shell was spawned in a container with an attached terminal',
    message: 'action',
    priority: 'Notice',
    source: 'syscall',
    actionner: 'kubernetes:label',
    action: 'Label Pod as Suspicious',
    category: 'kubernetes',
    status: 'success',
    objects: { pod: 'cart-x2x9z', namespace: 'shop' },
    result: 'the pod was labelled',
    stage: 'action',
    ...changes,
  };
}

export interface NotifierRunOptions<U extends Uses = Uses> extends Pick<
  RunOptions<U>,
  'environment' | 'clients' | 'signal' | 'now'
> {
  /** The notifier's own section. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** By client id. */
  readonly clientSettings?: Readonly<Record<string, unknown>>;
  /** Default: one `outcomeRecord()`. */
  readonly records?: readonly OutcomeRecord[];
}

export interface Notified {
  readonly status: 'success' | 'failure';
  /** Indexes of the records that were not delivered, with the reason. */
  readonly failed: readonly { readonly index: number; readonly error: Error }[];
  readonly error: TalonError | undefined;
  readonly lines: readonly LogLine[];
}

/** The time one call of `notify` gets. */
const TIME_LIMIT = 10_000;

/**
 * Tells a notifier of records as the engine would, in one attempt.
 * @throws TalonError `invalid_config` when the settings do not fit
 */
export async function runNotifier<S extends TObject, U extends Uses>(
  notifier: Notifier<S, U>,
  options: NotifierRunOptions<U> = {},
): Promise<Notified> {
  const { value: settings, issues } = fit(notifier.settings, options.settings ?? {});
  if (issues.length > 0) throw new TalonError('invalid_config', `settings of ${notifier.name}: ${issueText(issues)}`);
  const limit = timeLimit(TIME_LIMIT, options.signal);
  const scope = testScope({ signal: limit.signal, ...(options.now === undefined ? {} : { now: options.now }) });
  const open = await openClients<U>(notifier.uses, {
    settings: options.clientSettings ?? {},
    fakes: options.clients ?? {},
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  try {
    limit.signal.throwIfAborted();
    const records = options.records ?? [outcomeRecord()];
    const failed = (await notifier.notify({ ...scope, settings, clients: open.clients, records })) ?? [];
    return { status: failed.length === 0 ? 'success' : 'failure', failed, error: undefined, lines: scope.lines };
  } catch (thrown) {
    return {
      status: 'failure',
      failed: [],
      error: thrownWhile(limit.signal, thrown, asTalonError),
      lines: scope.lines,
    };
  } finally {
    limit.end();
    await open.close();
  }
}
