import {
  asTalonError,
  type ErrorCode,
  TalonError,
  type Actionner,
  type FalcoEvent,
  type Scope,
  type StepNames,
  type Subject,
  type Target,
  type Uses,
  type Verdict,
} from '@falco-talon/core';
import { withTimeLimit } from '../calls/time-limit.ts';
import type { EventFacts } from '../enrich/event-facts.ts';
import type { Observer, Section } from '../lifecycle/engine.ts';
import type { Registry } from '../registry/registry.ts';
import { effectOf } from './effect.ts';
import { guardsInOrder } from './order.ts';
import { guardSettings } from './settings.ts';
import { checkedVerdict } from './verdict.ts';

/**
 * What the service said, not what the guard did wrong: there is nothing to act on, or a right is missing that the action needs
 * too. The step fails in the words the action itself would have.
 */
const ANSWERS: ReadonlySet<ErrorCode> = new Set(['target_gone', 'forbidden', 'unauthorized']);
/** A slow call to the API server (10 s at most), and some. */
const GUARD_LIMIT = 12_000;

export interface Judged {
  readonly event: FalcoEvent;
  readonly step: StepNames;
  readonly actionner: Actionner;
  readonly target: Target;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
  readonly resumed: boolean;
}

/**
 * Asks every guard; the first that does not allow decides. The one place that may say no before an action.
 * A guard that fails counts as a no: nobody can tell what it would have said.
 * @throws TalonError when a guard could not judge now but may later, or found that the target is gone; nothing is done then
 */
export type Judge = (judged: Judged, facts: EventFacts, scope: Scope) => Promise<Verdict>;

export interface JudgeDeps {
  readonly registry: Pick<Registry, 'guards'>;
  /** Of guards, by name. */
  readonly settings: ReadonlyMap<string, Section>;
  readonly observer: Pick<Observer, 'guardVerdict'>;
}

export function createJudge({ registry, settings, observer }: JudgeDeps): Judge {
  const guards = guardsInOrder(registry);
  const guardUses = guards.flatMap(({ uses }) => (uses ? [uses] : []));
  const told = new Map(guards.map((guard) => [guard, guardSettings(guard, settings)]));

  return async ({ actionner, ...judged }, facts, scope) => {
    const effect = effectOf(actionner);
    const own = await facts.own([actionner.uses ?? {}, ...guardUses]);
    let subject: Subject | undefined;
    for (const guard of guards) {
      const { name } = guard;
      const count = (verdict: Verdict['kind'] | 'failed') => observer.guardVerdict({ guard: name, verdict });
      try {
        const reads = await facts.reads<Uses>(guard.uses ?? {});
        const found = await withTimeLimit(`guard ${name}`, GUARD_LIMIT, scope.signal, (signal) =>
          guard.judge({
            ...scope,
            ...judged,
            signal,
            effect,
            own,
            ...(subject && { subject }),
            settings: told.get(guard) ?? {},
            reads,
          }),
        );
        const verdict = checkedVerdict(found);
        count(verdict.kind);
        if (verdict.kind !== 'allow') return { ...verdict, reason: `guard ${name}: ${verdict.reason}` };
        if (verdict.subject) subject = { ...subject, ...verdict.subject };
      } catch (thrown) {
        const error = asTalonError(thrown);
        if (scope.signal.aborted) throw error;
        if (ANSWERS.has(error.code)) {
          count(error.code === 'target_gone' ? 'deny' : 'failed');
          throw error;
        }
        count('failed');
        const reason = `guard ${name} failed: ${error.message}`;
        if (!error.retryable) return { kind: 'deny', reason };
        const { retryAfter } = error;
        throw new TalonError(error.code, reason, {
          cause: error,
          retryable: true,
          ...(retryAfter !== undefined && { retryAfter }),
        });
      }
    }
    return { kind: 'allow', ...(subject && { subject }) };
  };
}
