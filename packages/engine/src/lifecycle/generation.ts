import { asTalonError, didYouMean, nearest, TalonError } from '@falco-talon/core';
import type { ClientLease, ClientPool } from '../clients/client-pool.ts';
import { compileMatcher, type Matcher } from '../match/matcher.ts';
import type { Registry } from '../registry/registry.ts';
import type { RuleSet } from '../rules/rule.ts';
import type { EngineSettings } from './engine.ts';

/** One rule set in force, with everything it needs. A reload makes another one and swaps in one step. */
export interface Generation {
  readonly ruleSet: RuleSet;
  readonly matcher: Matcher;
  release(): Promise<void>;
}

export interface GenerationDeps {
  readonly registry: Registry;
  readonly pool: ClientPool;
  readonly settings: EngineSettings;
}

/**
 * Compiles the rules and creates the clients they use. When the signal fires first, nobody waits for a client any more.
 * @throws TalonError `invalid_config` that lists everything missing
 */
export async function createGeneration(
  ruleSet: RuleSet,
  deps: GenerationDeps,
  signal: AbortSignal,
): Promise<Generation> {
  const { registry, pool, settings } = deps;
  const lease = pool.lease();
  const giveUp = () => void lease.release();
  signal.addEventListener('abort', giveUp, { once: true });
  const clients = await clientProblems(ruleSet, deps, lease);
  signal.removeEventListener('abort', giveUp);
  const problems = [...notifierProblems(ruleSet, registry, settings), ...guardProblems(settings), ...clients];
  if (problems.length > 0) {
    await lease.release();
    throw new TalonError('invalid_config', problems.join('\n'));
  }
  return { ruleSet, matcher: compileMatcher(ruleSet), release: () => lease.release() };
}

export function notifierProblems(
  ruleSet: RuleSet,
  registry: Registry,
  settings: Pick<EngineSettings, 'defaultNotifiers' | 'sections'>,
): readonly string[] {
  return usedNotifiers(ruleSet, settings).flatMap((name) => {
    if (!registry.notifiers.has(name)) {
      const hint = nearest(name, registry.notifiers.keys());
      return [
        `default_notifiers: unknown notifier ${JSON.stringify(name)}${didYouMean(hint)} (there are ${[...registry.notifiers.keys()].join(', ') || 'none'})`,
      ];
    }
    const missing = settings.sections.notifiers.get(name)?.missing ?? [];
    return missing.map((issue) => `notifiers.${name} is in use, but ${issue.message}`);
  });
}

/** A guard is in use as soon as it is loaded. */
function guardProblems({ sections }: EngineSettings): readonly string[] {
  return [...sections.guards].flatMap(([name, { missing }]) =>
    missing.map(({ message }) => `guard.${name} is in use, but ${message}`),
  );
}

function usedNotifiers(
  ruleSet: RuleSet,
  { defaultNotifiers }: Pick<EngineSettings, 'defaultNotifiers'>,
): readonly string[] {
  const used = new Set(defaultNotifiers.map((name) => name.toLowerCase()));
  for (const { notifiers } of ruleSet.rules) for (const name of notifiers) used.add(name);
  return [...used];
}

async function clientProblems(
  ruleSet: RuleSet,
  { registry, settings }: GenerationDeps,
  lease: ClientLease,
): Promise<readonly string[]> {
  const ids = new Set<string>();
  const add = (uses: Readonly<Record<string, { readonly id: string }>> | undefined) => {
    for (const { id } of Object.values(uses ?? {})) ids.add(id);
  };
  for (const rule of ruleSet.rules) {
    for (const action of rule.actions) {
      add(registry.actionners.get(action.actionner)?.part.uses);
      for (const context of action.contexts) add(registry.contexts.get(context)?.part.uses);
      if (action.output) add(registry.outputs.get(action.output.target)?.part.uses);
    }
  }
  for (const notifier of usedNotifiers(ruleSet, settings)) add(registry.notifiers.get(notifier)?.part.uses);
  if (ids.size > 0) for (const { part } of registry.guards.values()) add(part.uses);
  const results = await Promise.all(
    [...ids].map((id) =>
      lease.get(id).then(
        () => undefined,
        (error: unknown) => `client ${id}: ${asTalonError(error).message}`,
      ),
    ),
  );
  return results.filter((problem) => problem !== undefined);
}
