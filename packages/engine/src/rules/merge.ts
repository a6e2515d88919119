import type { ActionBlock, ListKey, MatchBlock, OutputBlock, RuleBlock } from './block.ts';
import type { YamlEntry, YamlMap } from './yaml-node.ts';

/** Blocks of one name become one, the later over the earlier; the result is in the order of the first of each name. */
export function mergeByName<B extends { readonly name: { readonly text: string } }>(
  blocks: readonly B[],
  merge: (blocks: readonly [B, ...B[]]) => B,
): Map<string, B> {
  const groups = Map.groupBy(blocks, ({ name }) => name.text);
  const merged = ([name, [first, ...others]]: [string, B[]]): [string, B] => [
    name,
    others.length === 0 ? first! : merge([first!, ...others]),
  ];
  return new Map(Array.from(groups, merged));
}

/** Shared actions of one name. */
export function mergeSharedActions(blocks: readonly [ActionBlock, ...ActionBlock[]]): ActionBlock {
  return blocks.reduce(mergeActions);
}

/**
 * Key by key, entries of `parameters` included, `over` wins. Also how a rule's action is laid over the shared one.
 * Parameters belong to their actionner: when `over` names another one, only its own count. Likewise for the output.
 */
export function mergeActions(base: ActionBlock, over: ActionBlock): ActionBlock {
  const other =
    over.actionner !== undefined && over.actionner.text !== base.actionner?.text && base.actionner !== undefined;
  return {
    name: over.name,
    description: over.description ?? base.description,
    actionner: over.actionner ?? base.actionner,
    parameters: other ? over.parameters : mergeMaps(base.parameters, over.parameters),
    contexts: over.contexts ?? base.contexts,
    output: mergeOutputs(base.output, over.output),
    continue: over.continue ?? base.continue,
    ignoreErrors: over.ignoreErrors ?? base.ignoreErrors,
    broken: new Set([...base.broken, ...over.broken]),
  };
}

function mergeOutputs(base: OutputBlock | undefined, over: OutputBlock | undefined): OutputBlock | undefined {
  if (!base || !over) return over ?? base;
  const other = over.target !== undefined && base.target !== undefined && over.target.text !== base.target.text;
  return {
    place: over.place,
    target: over.target ?? base.target,
    wait: over.wait ?? base.wait,
    parameters: other ? over.parameters : mergeMaps(base.parameters, over.parameters),
    broken: new Set([...base.broken, ...over.broken]),
  };
}

type MapEntry = YamlEntry<YamlMap>;

function mergeMaps(base: MapEntry | undefined, over: MapEntry | undefined): MapEntry | undefined {
  if (!base || !over) return over ?? base;
  const entries = new Map(base.value.entries);
  for (const [key, entry] of over.value.entries) {
    const { value: mine } = entry;
    const theirs = entries.get(key)?.value;
    const both = mine.kind === 'map' && theirs?.kind === 'map';
    entries.set(key, both ? mergeMaps({ key: entry.key, value: theirs }, { key: entry.key, value: mine })! : entry);
  }
  return { key: over.key, value: { ...over.value, entries } };
}

/**
 * Scalars are overridden, match lists and notifiers appended to; an action takes the place of the one of its name.
 * Lists a later block replaces are its own only. All at once, so that a rule of ten thousand blocks costs no more than as many
 * rules.
 */
export function mergeRules(blocks: readonly [RuleBlock, ...RuleBlock[]]): RuleBlock {
  const [first] = blocks;
  return {
    name: first.name,
    description: lastOf(blocks, ({ description }) => description),
    match: mergeMatches(blocks),
    actions: mergeActionLists(blocks),
    continue: lastOf(blocks, (block) => block.continue),
    dryRun: lastOf(blocks, ({ dryRun }) => dryRun),
    notifiers: sinceReplaced(blocks, 'notifiers').flatMap(({ notifiers }) => notifiers),
    ...(first.replaces && { replaces: first.replaces }),
    broken: new Set(blocks.flatMap(({ broken }) => [...broken])),
  };
}

function lastOf<T>(blocks: readonly RuleBlock[], value: (block: RuleBlock) => T | undefined): T | undefined {
  const block = blocks.findLast((one) => value(one) !== undefined);
  return block && value(block);
}

/** The blocks whose entries of this list count: from the last that replaces those before it. */
function sinceReplaced(blocks: readonly RuleBlock[], key: ListKey): readonly RuleBlock[] {
  return blocks.slice(
    Math.max(
      0,
      blocks.findLastIndex(({ replaces }) => replaces?.has(key) === true),
    ),
  );
}

/** `match: all` takes every criterion back; criteria given later take `match: all` back. */
function mergeMatches(blocks: readonly RuleBlock[]): MatchBlock | undefined {
  const counted = blocks.slice(
    Math.max(
      0,
      blocks.findLastIndex(({ match }) => match?.all === true),
    ),
  );
  const matches = counted.flatMap(({ match }) => match ?? []);
  const [base] = matches;
  if (!base) return undefined;
  const listed = (key: ListKey) => sinceReplaced(counted, key).flatMap(({ match }) => match ?? []);
  const last = <T>(value: (match: MatchBlock) => T | undefined) =>
    lastOf(counted, ({ match }) => match && value(match));
  const rules = listed('rules').flatMap((match) => match.rules);
  const merged = {
    place: base.place,
    rules: matches.length > 1 ? [...new Set(rules)] : rules,
    priority: last(({ priority }) => priority),
    source: last(({ source }) => source),
    tags: listed('tags').flatMap(({ tags }) => tags),
    outputFields: listed('output_fields').flatMap(({ outputFields }) => outputFields),
    condition: last(({ condition }) => condition),
  };
  const criteria = merged.rules.length + merged.tags.length + merged.outputFields.length;
  const others = merged.priority ?? merged.source ?? merged.condition;
  return { ...merged, all: base.all && criteria === 0 && others === undefined };
}

/** Each place of the list holds the actions that were put there in the place of one. */
function mergeActionLists(blocks: readonly RuleBlock[]): ActionBlock[] {
  const places: (readonly ActionBlock[])[] = [];
  const placesOf = new Map<string, number[]>();
  for (const { actions } of sinceReplaced(blocks, 'actions')) {
    const known = new Set<string>();
    for (const [name, named] of Map.groupBy(actions, (action) => action.name.text)) {
      const [place, ...others] = placesOf.get(name) ?? [];
      if (place === undefined) continue;
      known.add(name);
      places[place] = named;
      for (const other of others) places[other] = [];
      placesOf.set(name, [place]);
    }
    for (const action of actions) {
      if (known.has(action.name.text)) continue;
      const own = placesOf.get(action.name.text) ?? [];
      own.push(places.push([action]) - 1);
      placesOf.set(action.name.text, own);
    }
  }
  return places.flat();
}
