import { fit, TalonError, type Actionner, type ReadContext, type Uses } from '@falco-talon/core';
import type { Intent } from '../journal/journal.ts';
import type { PlannedStep } from '../plan/plan.ts';
import type { Progress, StepRun } from './attempt.ts';

/** What an attempt goes on with. */
interface Resumed {
  readonly facts: Intent['facts'];
  readonly done: boolean;
}

/**
 * What has become of a step that was about to act before; undefined when nothing was done and it begins anew.
 * @throws TalonError `outcome_unknown`
 */
export async function stateOf(
  { actionner }: StepRun,
  intent: Intent,
  progress: Progress,
  read: ReadContext<PlannedStep['parameters'], Uses>,
): Promise<Resumed | undefined> {
  const facts = factsOfIntent(actionner, intent);
  if (intent.withdrawn) return facts && { facts, done: false };
  // Acting without a uid, say, could hit anything.
  if (!facts) throw unknownOutcome();
  const settled = actionner.settled ? await actionner.settled({ ...read, facts }) : settledUnasked(actionner, progress);
  if (settled !== 'again' && settled !== 'done') throw unknownOutcome();
  // An action that is done but whose artifact is not there was interrupted before it was safe: it is captured anew.
  const lost = actionner.output === 'required' && progress.artifacts.size === 0;
  return { facts, done: settled === 'done' && !lost };
}

/** Undefined when another version wrote them. */
function factsOfIntent({ facts: schema }: Actionner, { facts }: Intent): Intent['facts'] | undefined {
  if (!schema) return facts;
  const { value, issues } = fit(schema, facts);
  return issues.length > 0 ? undefined : value;
}

/** An actionner that cannot look is only repeated when the earlier attempt is known to have had no effect. */
function settledUnasked({ idempotent }: Actionner, { uncertain }: Progress): 'again' | 'unknown' {
  return idempotent || !uncertain ? 'again' : 'unknown';
}

function unknownOutcome(): TalonError {
  return new TalonError(
    'outcome_unknown',
    'an earlier attempt was interrupted while acting; nobody can tell whether it had its effect, so it is not repeated',
  );
}
