import {
  asTalonError,
  fit,
  TalonError,
  type Actionner,
  type Clients,
  type Environment,
  type FalcoEvent,
  type Reads,
  type ReadContext,
  type RunContext,
  type Static,
  type StepNames,
  type Target,
  type TObject,
  type Uses,
} from '@falco-talon/core';
import { falcoEvent } from '../events/falco-event.ts';
import { openClients, type ClientSettings } from './clients.ts';
import { eventTokens } from './event-tokens.ts';
import { issueText } from './issue-text.ts';
import { memoryKeeper, TEST_ARTIFACT_BYTES, type TestArtifact } from './keep.ts';
import { testScope, type TestScope } from './scope.ts';
import { thrownWhile, timeLimit } from './time-limit.ts';

/** The engine's own default for actionners that announce no time limit. */
export const DEFAULT_TIME_LIMIT = 30_000;

export interface RunOptions<U extends Uses = Uses> {
  /** Default `falcoEvent()`. */
  readonly event?: FalcoEvent;
  /** As a rule would give them: defaults are filled in. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Settings of the clients, by client id. */
  readonly settings?: ClientSettings;
  readonly environment?: Environment;
  /** Clients to use as they are, by their key in `uses`, instead of creating them from settings. */
  readonly clients?: Partial<Clients<U>>;
  readonly dryRun?: boolean;
  /** Whether the rule's action has an output. Default: true when the actionner requires one. */
  readonly hasOutput?: boolean;
  /** What `check` found in an earlier attempt: it is not asked again. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now?: number;
  /** Bytes an artifact may have. */
  readonly artifactLimit?: number;
  readonly step?: Partial<StepNames>;
  /** What the engine would keep from the action beside its target, and why. Default: nothing. */
  readonly whyProtected?: (object: Target) => string | undefined;
}

/** One attempt of one step: everything an actionner's functions are called with. */
export interface Attempt<P, U extends Uses, F> {
  readonly event: FalcoEvent;
  readonly parameters: P;
  readonly scope: TestScope;
  readonly artifacts: readonly TestArtifact[];
  readonly readContext: ReadContext<P, U>;
  runContext(facts: F): RunContext<P, U, F>;
}

/**
 * Prepares an attempt, does the work, closes what was opened.
 * @throws TalonError `invalid_rules` or `invalid_config` when parameters or settings do not fit: no rule could say that
 */
export async function withAttempt<P extends TObject, F extends TObject, U extends Uses, T>(
  actionner: Actionner<P, F, U>,
  options: RunOptions<U>,
  work: (attempt: Attempt<Static<P>, U, Static<F>>) => Promise<T>,
): Promise<T> {
  const event = options.event ?? falcoEvent();
  const parameters = fitParameters(actionner, options.parameters ?? {});
  const limit = timeLimit(actionner.timeLimit?.(parameters) ?? DEFAULT_TIME_LIMIT, options.signal);
  const scope = testScope({ signal: limit.signal, ...(options.now === undefined ? {} : { now: options.now }) });
  const keeper = memoryKeeper({ limit: options.artifactLimit ?? TEST_ARTIFACT_BYTES, signal: limit.signal });
  const hasOutput = options.hasOutput ?? actionner.output === 'required';
  const step = stepNames(actionner.name, event, options.step);
  try {
    const open = await openClients<U>(actionner.uses, {
      settings: options.settings ?? {},
      environment: options.environment ?? { variables: {}, homeDirectory: '/nonexistent' },
      fakes: options.clients ?? {},
    });
    try {
      const reads: Reads<U> = open.reads(scope);
      const whyProtected = options.whyProtected ?? (() => undefined);
      const readContext: ReadContext<Static<P>, U> = { ...scope, event, parameters, step, reads, whyProtected };
      return await work({
        event,
        parameters,
        scope,
        artifacts: keeper.artifacts,
        readContext,
        runContext: (facts) => ({
          ...readContext,
          clients: open.clients,
          facts,
          tokens: () => eventTokens(event, step, { parameters, dryRun: options.dryRun ?? false }),
          hasOutput,
          async keep(artifact, body) {
            if (hasOutput) return await keeper.keep(artifact, body);
            throw new TalonError(
              'plugin_failed',
              `${step.actionner} kept an artifact although the action has no output`,
            );
          },
        }),
      });
    } finally {
      await open.close();
    }
  } finally {
    limit.end();
  }
}

/** @throws TalonError `invalid_rules` */
export function fitParameters<P extends TObject, F extends TObject, U extends Uses>(
  actionner: Actionner<P, F, U>,
  given: unknown,
): Static<P> {
  const { value, issues } = fit(actionner.parameters, given);
  const all = issues.length > 0 ? issues : (actionner.validate?.(value) ?? []);
  if (all.length > 0) throw new TalonError('invalid_rules', `parameters of ${actionner.name}: ${issueText(all)}`);
  return value;
}

function stepNames(actionner: string, event: FalcoEvent, given: Partial<StepNames> | undefined): StepNames {
  const names = { rule: 'Test rule', action: 'Test action', actionner: `test:${actionner}`, ...given };
  return { id: `${event.id}/${names.rule}/${names.action}/0`, ...names };
}

/** Everything that went wrong inside a plugin, as the engine would record it. */
export function thrown(attempt: { readonly scope: TestScope }, error: unknown): TalonError {
  return thrownWhile(attempt.scope.signal, error, asTalonError);
}
