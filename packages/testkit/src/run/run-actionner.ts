import { isDeepStrictEqual } from 'node:util';
import {
  emptyObject,
  fit,
  TalonError,
  type Actionner,
  type Result,
  type Static,
  type Target,
  type TObject,
  type Uses,
} from '@falco-talon/core';
import { thrown, withAttempt, type Attempt, type RunOptions } from './attempt.ts';
import { issueText } from './issue-text.ts';
import type { TestArtifact } from './keep.ts';
import { missingFields } from './missing-fields.ts';
import type { LogLine } from './scope.ts';

export interface Outcome<F = Readonly<Record<string, unknown>>> {
  readonly status: 'success' | 'failure' | 'ignored' | 'dry_run';
  /** What was done, would be done, or why nothing was; the error's text after a failure. */
  readonly message: string;
  readonly objects: Readonly<Record<string, string>>;
  readonly output: string | undefined;
  readonly artifacts: readonly TestArtifact[];
  readonly error: TalonError | undefined;
  /** Undefined when the run did not get as far as that. */
  readonly facts: F | undefined;
  readonly target: Target | undefined;
  readonly lines: readonly LogLine[];
  readonly spans: readonly string[];
}

/**
 * Runs one actionner for one alert as the engine would, without queue, lanes, guards or retries: required fields,
 * target, check, then preview (dry run) or run. Never rejects because of what the actionner does: that is the outcome.
 * @throws TalonError `invalid_rules` or `invalid_config` when parameters or settings do not fit
 */
export async function runActionner<P extends TObject, F extends TObject, U extends Uses>(
  actionner: Actionner<P, F, U>,
  options: RunOptions<U> = {},
): Promise<Outcome<Static<F>>> {
  return await withAttempt(actionner, options, async (attempt) => {
    const progress: { facts?: Static<F>; target?: Target } = {};
    const end = (
      status: Outcome['status'],
      message: string,
      more: Partial<Outcome<Static<F>>> = {},
    ): Outcome<Static<F>> => ({
      objects: {},
      output: undefined,
      error: undefined,
      ...more,
      status,
      message,
      facts: progress.facts,
      target: progress.target,
      artifacts: attempt.artifacts,
      lines: attempt.scope.lines,
      spans: attempt.scope.spans,
    });

    try {
      const { event, parameters } = attempt;
      const missing = missingFields(event, actionner.requiredFields);
      if (missing.length > 0) throw new TalonError('missing_field', `the alert lacks ${missing.join(', ')}`);
      const target = actionner.target({ event, parameters });
      if (target !== undefined) progress.target = target;
      attempt.scope.signal.throwIfAborted();

      const checked = options.facts ?? (await checkedFacts(actionner, attempt));
      if (typeof checked === 'string') return end('ignored', checked);
      const facts = fittingFacts(actionner, checked);
      progress.facts = facts;

      if (options.dryRun) {
        const preview = await actionner.preview?.({ ...attempt.readContext, facts });
        return end('dry_run', preview ?? `would run ${actionner.name} with ${JSON.stringify(parameters)}`);
      }
      attempt.scope.signal.throwIfAborted();
      const result = fittingResult(await actionner.run(attempt.runContext(facts)));
      return end(result.status, result.message, { objects: result.objects ?? {}, output: result.output });
    } catch (error) {
      const talonError = thrown(attempt, error);
      return end('failure', talonError.message, { error: talonError });
    }
  });
}

/** The facts, or the reason why the action is ignored. */
async function checkedFacts<P extends TObject, F extends TObject, U extends Uses>(
  actionner: Actionner<P, F, U>,
  attempt: Attempt<Static<P>, U, Static<F>>,
): Promise<unknown> {
  if (!actionner.check) return {};
  const checked = await actionner.check(attempt.readContext);
  return 'ignored' in checked ? checked.ignored : checked.facts;
}

/** As they come back from the journal: through JSON, and only what the schema says. */
function fittingFacts<F extends TObject>(actionner: { readonly facts?: F }, facts: unknown): Static<F> {
  const journalled: unknown = JSON.parse(JSON.stringify(facts));
  const { value, issues } = fit(actionner.facts ?? emptyObject, journalled);
  if (issues.length > 0) throw misfit(issueText(issues));
  if (!isDeepStrictEqual(value, journalled)) throw misfit('a value has another type than declared');
  return value as Static<F>;
}

function misfit(why: string): TalonError {
  return new TalonError('plugin_failed', `the facts do not fit their schema: ${why}`);
}

function fittingResult(result: Result): Result {
  const problem = resultProblem(result);
  if (problem !== undefined) throw new TalonError('plugin_failed', `run() returned ${problem}`);
  return result;
}

function resultProblem(result: unknown): string | undefined {
  if (typeof result !== 'object' || result === null) return 'no result';
  const { status, message, objects, output } = result as Partial<Record<keyof Result, unknown>>;
  if (status !== 'success' && status !== 'ignored') return 'a status that is neither success nor ignored';
  if (typeof message !== 'string') return 'no message';
  if (output !== undefined && typeof output !== 'string') return 'an output that is no text';
  if (objects === undefined) return undefined;
  const texts = typeof objects === 'object' && objects !== null ? Object.values(objects) : [undefined];
  return texts.every((text) => typeof text === 'string') ? undefined : 'objects that are not all texts';
}
