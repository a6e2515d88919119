import { asTalonError, type Context, type TalonError, type Uses } from '@falco-talon/core';
import { falcoEvent } from '../events/falco-event.ts';
import type { RunOptions } from './attempt.ts';
import { openClients } from './clients.ts';
import { testScope, type LogLine } from './scope.ts';
import { thrownWhile, timeLimit } from './time-limit.ts';

export type ContextRunOptions<U extends Uses = Uses> = Pick<
  RunOptions<U>,
  'event' | 'settings' | 'environment' | 'clients' | 'signal' | 'now'
>;

export interface ContextOutcome {
  readonly status: 'success' | 'failure';
  readonly elements: Readonly<Record<string, string>>;
  readonly error: TalonError | undefined;
  readonly lines: readonly LogLine[];
}

/** The engine's own limit for one fetch. */
const TIME_LIMIT = 12_000;

/**
 * Fetches a context for one alert as the engine would.
 * @throws TalonError `invalid_config` when the settings do not fit
 */
export async function runContext<U extends Uses>(
  context: Context<U>,
  options: ContextRunOptions<U> = {},
): Promise<ContextOutcome> {
  const event = options.event ?? falcoEvent();
  const limit = timeLimit(TIME_LIMIT, options.signal);
  const scope = testScope({ signal: limit.signal, ...(options.now === undefined ? {} : { now: options.now }) });
  const open = await openClients<U>(context.uses, {
    settings: options.settings ?? {},
    fakes: options.clients ?? {},
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  try {
    limit.signal.throwIfAborted();
    const elements = await context.fetch({ ...scope, event, reads: open.reads(scope), clients: open.clients });
    return { status: 'success', elements, error: undefined, lines: scope.lines };
  } catch (thrown) {
    const error = thrownWhile(limit.signal, thrown, asTalonError);
    return { status: 'failure', elements: {}, error, lines: scope.lines };
  } finally {
    limit.end();
    await open.close();
  }
}
