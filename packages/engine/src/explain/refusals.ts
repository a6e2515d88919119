import {
  errorText,
  silentLogger,
  type FalcoEvent,
  type Guard,
  type GuardInput,
  type Scope,
  type Uses,
} from '@falco-talon/core';
import { withTimeLimit } from '../calls/time-limit.ts';
import { effectOf } from '../guard/effect.ts';
import { guardsInOrder } from '../guard/order.ts';
import { guardSettings } from '../guard/settings.ts';
import type { Section } from '../lifecycle/engine.ts';
import type { Registry } from '../registry/registry.ts';
import type { ExplainedStep } from './explain-step.ts';
import type { Explanation } from './explain.ts';

const GUARD_LIMIT = 1_000;

export interface RefusalDeps {
  readonly registry: Registry;
  /** Settings of guards, by name. */
  readonly settings: ReadonlyMap<string, Section>;
}

/**
 * The same explanation with what guards would say no to, as far as they know it from the alert and the rules alone: a guard
 * that wants to read anything of a cluster is not known.
 */
export async function explainRefusals(
  explanation: Explanation,
  event: FalcoEvent,
  deps: RefusalDeps,
): Promise<Explanation> {
  const plan = await Promise.all(
    explanation.plan.map(async (step) => ({ ...step, refusal: await refusalOf(step, event, deps) })),
  );
  return { ...explanation, plan };
}

async function refusalOf(
  step: ExplainedStep,
  event: FalcoEvent,
  { registry, settings }: RefusalDeps,
): Promise<string | null> {
  const { target } = step;
  const actionner = registry.actionners.get(step.actionner)?.part;
  if (target === null || !actionner) return null;
  const effect = effectOf(actionner);
  // As if it had come when it was written: saved alerts are old.
  const written = Date.parse(event.time);
  const received = Number.isNaN(written) ? event : { ...event, receivedAt: written };
  for (const guard of guardsInOrder(registry)) {
    // One after the other: the first that says no decides, as on the server.
    const judged = { target, effect, settings: guardSettings(guard, settings) };
    const reason = await askGuard(guard, step, judged, received);
    if (reason !== undefined) return `guard ${guard.name}: ${reason}`;
  }
  return null;
}

async function askGuard(
  guard: Guard,
  { rule, action, actionner, parameters, dry_run: dryRun }: ExplainedStep,
  judged: Pick<GuardInput<Uses>, 'target' | 'effect' | 'settings'>,
  event: FalcoEvent,
): Promise<string | undefined> {
  let asked = false;
  const unreadable = new Proxy(
    {},
    {
      get() {
        asked = true;
        throw new Error('there is no cluster to read');
      },
    },
  );
  const step = { id: `${event.id}/explain`, rule, action, actionner };
  const scope: Omit<Scope, 'signal'> = { logger: silentLogger, now: Date.now, span: async (_, work) => work() };
  try {
    const { signal: never } = new AbortController();
    const verdict = await withTimeLimit('a guard', GUARD_LIMIT, never, (signal) =>
      guard.judge({
        ...scope,
        ...judged,
        signal,
        event,
        step,
        parameters,
        dryRun,
        resumed: false,
        own: [],
        reads: unreadable,
      }),
    );
    if (asked || verdict.kind === 'allow') return undefined;
    return verdict.kind === 'observe' ? `only observed: ${verdict.reason}` : verdict.reason;
  } catch (error) {
    return asked ? undefined : `it failed: ${errorText(error)}`;
  }
}
