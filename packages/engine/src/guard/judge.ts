import {
  asTalonError,
  TalonError,
  type FalcoEvent,
  type Scope,
  type StepNames,
  type Target,
  type Verdict,
} from '@falco-talon/core';
import { withTimeLimit } from '../calls/time-limit.ts';
import type { EventFacts } from '../enrich/event-facts.ts';
import type { Registry } from '../registry/registry.ts';

const GUARD_LIMIT = 5_000;

export interface Judged {
  readonly event: FalcoEvent;
  readonly step: StepNames;
  readonly target: Target;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * Asks every guard; the first that does not allow decides. The one place that may say no before an action.
 * A guard that fails counts as a no: nobody can tell what it would have said.
 * @throws TalonError when a guard could not judge now but may later; nothing is done before it has
 */
export async function judge(judged: Judged, registry: Registry, facts: EventFacts, scope: Scope): Promise<Verdict> {
  for (const [name, { part: guard }] of registry.guards) {
    try {
      const reads = await facts.reads(guard.uses ?? {});
      const verdict = await withTimeLimit(`guard ${name}`, GUARD_LIMIT, scope.signal, (signal) =>
        guard.judge({ ...scope, ...judged, signal, settings: {}, reads }),
      );
      if (verdict.kind === 'allow') continue;
      const reason = `guard ${name}: ${verdict.reason}`;
      if (verdict.kind === 'hold' && Number.isFinite(verdict.until)) return { ...verdict, reason };
      if (verdict.kind === 'deny') return { kind: 'deny', reason };
      throw new TalonError('plugin_failed', `${JSON.stringify(verdict)} is no verdict`);
    } catch (thrown) {
      const error = asTalonError(thrown);
      if (scope.signal.aborted) throw error;
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
  return { kind: 'allow' };
}
