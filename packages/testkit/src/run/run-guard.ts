import {
  asTalonError,
  emptyObject,
  fit,
  TalonError,
  type Effect,
  type Guard,
  type StepNames,
  type Static,
  type Subject,
  type Target,
  type TObject,
  type Uses,
  type Verdict,
} from '@falco-talon/core';
import { issueText } from './issue-text.ts';
import { falcoEvent } from '../events/falco-event.ts';
import type { RunOptions } from './attempt.ts';
import { openClients } from './clients.ts';
import { testScope, type LogLine } from './scope.ts';
import { thrownWhile, timeLimit } from './time-limit.ts';

export interface GuardRunOptions<U extends Uses = Uses> extends Pick<
  RunOptions<U>,
  'event' | 'parameters' | 'settings' | 'environment' | 'clients' | 'signal' | 'now' | 'step' | 'dryRun'
> {
  /** The guard's own section, `guard.<name>`; defaults are filled in. `settings` are those of its clients. */
  readonly guardSettings?: Readonly<Record<string, unknown>>;
  /** What the actionner declares. Default: one like `kubernetes:terminate`. */
  readonly effect?: Effect;
  /** Whether it goes on with what was begun before. Default: not. */
  readonly resumed?: boolean;
  /** What guards asked before found. */
  readonly subject?: Subject;
  /** What Falco Talon itself is. Default: nothing. */
  readonly own?: readonly Target[];
  /** What the step would act on. Default: the pod `cart-x2x9z` in the namespace `shop`. */
  readonly target?: Target;
}

export interface GuardOutcome {
  readonly status: 'success' | 'failure';
  /** As the guard gave it; undefined when it threw. */
  readonly verdict: Verdict | undefined;
  readonly error: TalonError | undefined;
  /** What the guard itself threw, before the engine makes a `TalonError` of it. */
  readonly thrown: unknown;
  readonly lines: readonly LogLine[];
}

/** The engine's own limit for one judgement. */
const TIME_LIMIT = 12_000;

const TEST_EFFECT: Effect = { destructive: true, idempotent: false, readOnly: false };

export const TEST_TARGET: Target = { kind: 'pod', namespace: 'shop', name: 'cart-x2x9z' };

/**
 * Asks a guard about one step as the engine would, in one attempt.
 * @throws TalonError `invalid_config` when its settings or those of its clients do not fit
 */
export async function runGuard<U extends Uses, S extends TObject>(
  guard: Guard<U, S>,
  options: GuardRunOptions<U> = {},
): Promise<GuardOutcome> {
  const settings = fitSettings(guard, options.guardSettings ?? {});
  const event = options.event ?? falcoEvent();
  const limit = timeLimit(TIME_LIMIT, options.signal);
  const scope = testScope({ signal: limit.signal, ...(options.now === undefined ? {} : { now: options.now }) });
  const open = await openClients<U>(guard.uses, {
    settings: options.settings ?? {},
    fakes: options.clients ?? {},
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  try {
    limit.signal.throwIfAborted();
    const verdict = await guard.judge({
      ...scope,
      event,
      step: stepNames(event.id, options.step),
      target: options.target ?? TEST_TARGET,
      parameters: options.parameters ?? {},
      effect: options.effect ?? TEST_EFFECT,
      dryRun: options.dryRun ?? false,
      resumed: options.resumed ?? false,
      own: options.own ?? [],
      ...(options.subject && { subject: options.subject }),
      settings,
      reads: open.reads(scope),
    });
    return { status: 'success', verdict, error: undefined, thrown: undefined, lines: scope.lines };
  } catch (thrown) {
    const error = thrownWhile(limit.signal, thrown, asTalonError);
    return { status: 'failure', verdict: undefined, error, thrown, lines: scope.lines };
  } finally {
    limit.end();
    await open.close();
  }
}

function fitSettings<S extends TObject>(
  { name, settings }: Pick<Guard<Uses, S>, 'name' | 'settings'>,
  given: Readonly<Record<string, unknown>>,
): Static<S> {
  const { value, issues } = fit(settings ?? emptyObject, given);
  if (issues.length > 0) throw new TalonError('invalid_config', `settings of guard ${name}: ${issueText(issues)}`);
  return value as Static<S>;
}

function stepNames(event: string, given: Partial<StepNames> | undefined): StepNames {
  const names = { rule: 'Test rule', action: 'Test action', actionner: 'kubernetes:terminate', ...given };
  return { id: `${event}/${names.rule}/${names.action}/0`, ...names };
}
