import type { ActionBlock, ListKey, MatchBlock, OutputBlock, RuleBlock } from './block.ts';
import type { YamlEntry, YamlMap } from './yaml-node.ts';

/** Blocks of one name become one, the later over the earlier; the result is in the order of the first of each name. */
export function mergeByName<B extends { readonly name: { readonly text: string } }>(
  blocks: readonly B[],
  merge: (base: B, over: B) => B,
): Map<string, B> {
  const merged = new Map<string, B>();
  for (const block of blocks) {
    const base = merged.get(block.name.text);
    merged.set(block.name.text, base ? merge(base, block) : block);
  }
  return merged;
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
 * Lists the later block replaces are its own only.
 */
export function mergeRules(base: RuleBlock, over: RuleBlock): RuleBlock {
  const own = (key: ListKey) => over.replaces?.has(key) === true;
  return {
    name: base.name,
    description: over.description ?? base.description,
    match: mergeMatches(base.match && withoutLists(base.match, own), over.match),
    actions: own('actions') ? over.actions : mergeActionLists(base.actions, over.actions),
    continue: over.continue ?? base.continue,
    dryRun: over.dryRun ?? base.dryRun,
    notifiers: [...(own('notifiers') ? [] : base.notifiers), ...over.notifiers],
    ...(base.replaces && { replaces: base.replaces }),
    broken: new Set([...base.broken, ...over.broken]),
  };
}

function withoutLists(match: MatchBlock, isReplaced: (key: ListKey) => boolean): MatchBlock {
  return {
    ...match,
    rules: isReplaced('rules') ? [] : match.rules,
    tags: isReplaced('tags') ? [] : match.tags,
    outputFields: isReplaced('output_fields') ? [] : match.outputFields,
  };
}

/** `match: all` takes every criterion back; criteria given later take `match: all` back. */
function mergeMatches(base: MatchBlock | undefined, over: MatchBlock | undefined): MatchBlock | undefined {
  if (!base || !over) return over ?? base;
  if (over.all) return over;
  const merged = {
    place: base.place,
    rules: [...new Set([...base.rules, ...over.rules])],
    priority: over.priority ?? base.priority,
    source: over.source ?? base.source,
    tags: [...base.tags, ...over.tags],
    outputFields: [...base.outputFields, ...over.outputFields],
    condition: over.condition ?? base.condition,
  };
  const criteria = merged.rules.length + merged.tags.length + merged.outputFields.length;
  const others = merged.priority ?? merged.source ?? merged.condition;
  return { ...merged, all: base.all && criteria === 0 && others === undefined };
}

function mergeActionLists(base: readonly ActionBlock[], over: readonly ActionBlock[]): ActionBlock[] {
  const replacements = Map.groupBy(over, ({ name }) => name.text);
  const kept = base.flatMap((action) => {
    const replacement = replacements.get(action.name.text);
    if (!replacement) return [action];
    replacements.set(action.name.text, []);
    return replacement;
  });
  const known = new Set(base.map(({ name }) => name.text));
  return [...kept, ...over.filter(({ name }) => !known.has(name.text))];
}
