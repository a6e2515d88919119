import type { Definitions } from '../condition/resolve-condition.ts';
import { didYouMean, type Actionner } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import type { ActionBlock } from './block.ts';
import { checkParameters, checkSharedParameters } from './check-parameters.ts';
import { deepFreeze } from './deep-freeze.ts';
import { lookUp } from './look-up.ts';
import { mergeActions } from './merge.ts';
import { respellParameters } from './own-tokens.ts';
import type { Report } from './report.ts';
import { resolveOutput } from './resolve-output.ts';
import type { RuleAction } from './rule.ts';
import type { YamlEntry, YamlMap } from './yaml-node.ts';

export interface ResolveDeps {
  readonly registry: Registry;
  readonly report: Report;
  readonly shared: ReadonlyMap<string, ActionBlock>;
  readonly definitions: Definitions;
  /** False when a file could not be read: what is missing may stand there, so it is not reported. */
  readonly complete: boolean;
}

/** An action of a rule, laid over the shared action of its name and checked. Undefined when something is wrong. */
export function resolveAction(own: ActionBlock, deps: ResolveDeps): RuleAction | undefined {
  const { registry, report, shared } = deps;
  const base = shared.get(own.name.text);
  const action = base ? mergeActions(base, own) : own;
  if (!action.actionner) {
    if (deps.complete && !action.broken.has('actionner')) report.error(own.name.place, noActionner(own, base, deps));
    return undefined;
  }
  if (!deps.complete && !base) {
    // What it lacks may stand in a file with a mistake.
    checkSharedAction(own, deps);
    return undefined;
  }
  const actionner = lookUp(action.actionner, 'actionner', registry, report)?.part;
  const contexts = checkContexts(action, deps);
  const output = resolveOutput(action, actionner?.output, registry, report);
  if (!actionner) return undefined;
  const parameters = readParameters(
    { part: actionner, name: action.actionner.text },
    action.broken.has('parameters') ? 'broken' : action.parameters,
    own,
    report,
  );
  if (!parameters || !contexts || output === 'invalid' || action.broken.size > 0) return undefined;
  return {
    name: action.name.text,
    description: action.description ?? '',
    actionner: action.actionner.text,
    parameters: deepFreeze(respellParameters(parameters)),
    contexts,
    ...(output && { output }),
    continue: action.continue ?? actionner.continue,
    ignoreErrors: action.ignoreErrors ?? false,
  };
}

/** Checks what a shared action says by itself; what it lacks, the rules that use it may add. */
export function checkSharedAction(action: ActionBlock, deps: ResolveDeps): void {
  const { registry, report } = deps;
  const actionner = action.actionner && lookUp(action.actionner, 'actionner', registry, report)?.part;
  checkContexts(action, deps);
  if (action.output) resolveOutput(action, actionner?.output, registry, report, 'partly');
  if (!actionner || !action.parameters) return;
  const entry = withoutIgnored(action.actionner!.text, actionner, action.parameters, report);
  checkSharedParameters(actionner, entry, report);
}

function noActionner(own: ActionBlock, base: ActionBlock | undefined, { shared, report }: ResolveDeps): string {
  const name = JSON.stringify(own.name.text);
  if (base) return `neither this action nor the shared action ${name} says which actionner to use`;
  const hint = report.nearest(own.name.text, shared.keys());
  return `the action ${name} has no actionner, and there is no shared action of this name${didYouMean(hint && JSON.stringify(hint))}`;
}

function checkContexts(action: ActionBlock, { registry, report }: ResolveDeps): string[] | undefined {
  const found = (action.contexts ?? []).filter((name) => lookUp(name, 'context', registry, report));
  const names = [...new Set(found.map(({ text }) => text))];
  return found.length === (action.contexts ?? []).length ? names : undefined;
}

function readParameters(
  actionner: { readonly part: Actionner; readonly name: string },
  given: YamlEntry<YamlMap> | 'broken' | undefined,
  own: ActionBlock,
  report: Report,
): Record<string, unknown> | undefined {
  if (given === 'broken') return undefined;
  const { part, name } = actionner;
  // Without parameters, a missing one is pointed at where the action is named.
  const empty: YamlEntry<YamlMap> = {
    key: own.name.place,
    value: { kind: 'map', place: own.name.place, entries: new Map() },
  };
  const entry = given ? withoutIgnored(name, part, given, report) : empty;
  return checkParameters(part, entry, report);
}

/** Parameters that published examples carry although the actionner never had them. */
export const IGNORED_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['kubernetes:delete', 'tail_lines'],
  ['kubernetes:download', 'tail_lines'],
]);

function withoutIgnored(
  name: string,
  actionner: Actionner,
  given: YamlEntry<YamlMap>,
  report: Report,
): YamlEntry<YamlMap> {
  const key = IGNORED_PARAMETERS.get(name);
  const entry = key === undefined ? undefined : given.value.entries.get(key);
  if (key === undefined || !entry || Object.hasOwn(actionner.parameters.properties, key)) return given;
  report.warning(entry.key, `${name} has no parameter ${key}; it has no effect and can be removed`);
  const entries = new Map(given.value.entries);
  entries.delete(key);
  return { key: given.key, value: { ...given.value, entries } };
}
