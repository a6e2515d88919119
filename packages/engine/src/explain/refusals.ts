import { errorText, silentLogger, type FalcoEvent, type Guard, type Scope, type Target } from '@falco-talon/core';
import { withTimeLimit } from '../calls/time-limit.ts';
import type { Registry } from '../registry/registry.ts';
import type { ExplainedStep } from './explain-step.ts';
import type { Explanation } from './explain.ts';

const GUARD_LIMIT = 1_000;

/**
 * The same explanation with what guards would say no to, as far as they know it from the alert and the rules alone: a guard
 * that wants to read anything of a cluster is not known.
 */
export async function explainRefusals(
  explanation: Explanation,
  event: FalcoEvent,
  registry: Registry,
): Promise<Explanation> {
  if (registry.guards.size === 0) return explanation;
  const plan = await Promise.all(
    explanation.plan.map(async (step) => ({ ...step, refusal: await refusalOf(step, event, registry) })),
  );
  return { ...explanation, plan };
}

async function refusalOf(step: ExplainedStep, event: FalcoEvent, registry: Registry): Promise<string | null> {
  if (step.target === null) return null;
  for (const [name, { part }] of registry.guards) {
    // One after the other: the first that says no decides, as on the server.
    const reason = await askGuard(part, step, step.target, event);
    if (reason !== undefined) return `guard ${name}: ${reason}`;
  }
  return null;
}

async function askGuard(
  guard: Guard,
  { rule, action, actionner, parameters }: ExplainedStep,
  target: Target,
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
      guard.judge({ ...scope, signal, event, step, target, settings: {}, parameters, reads: unreadable }),
    );
    return asked || verdict.kind === 'allow' ? undefined : verdict.reason;
  } catch (error) {
    return asked ? undefined : `it failed: ${errorText(error)}`;
  }
}
