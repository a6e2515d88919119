import { valueText } from '@falco-talon/core';
import type { Position, Rule, RuleFile } from '../rules/rule.ts';
import { scalarText } from '../rules/scalar-text.ts';
import { pathOf, pathText, type Place, type YamlMap, type YamlNode } from '../rules/yaml-node.ts';
import { readYaml } from '../rules/yaml-document.ts';

/** Where something of a rule stands. What cannot be found stands where the rule does. */
export interface RulePlace extends Position {
  /** As in `Problem`. */
  readonly path: string;
}

export interface Places {
  /** A name of a Falco rule, below `rules` or in the condition. */
  falcoRule(rule: Rule, name: string): RulePlace;
  /** A key below `match`, as said last; with an index, that item of all the lists of the merged blocks. */
  criterion(rule: Rule, key: string, index?: number): RulePlace;
  action(rule: Rule, name: string): RulePlace;
}

/** Finds things of merged rules in their files again. */
export function findPlaces(files: readonly RuleFile[]): Places {
  const blocks = new Map<string, YamlMap[]>();
  for (const { path, text } of files) {
    const { root } = readYaml(path, text);
    for (const block of root?.kind === 'list' ? root.items : []) {
      const name = block.kind === 'map' ? textOf(block.entries.get('rule') ?? block.entries.get('name')) : undefined;
      if (name === undefined || block.kind !== 'map') continue;
      const known = blocks.get(name);
      if (known) known.push(block);
      else blocks.set(name, [block]);
    }
  }
  const below = (rule: Rule, key: string): readonly YamlNode[] =>
    (blocks.get(rule.name) ?? []).flatMap((block) => {
      const match = block.entries.get('match')?.value;
      const found = match?.kind === 'map' ? match.entries.get(key)?.value : undefined;
      return found ? [found] : [];
    });

  return {
    falcoRule(rule, name) {
      const listed = below(rule, 'rules').flatMap(itemsOf);
      const item = listed.find((node) => textOf({ value: node }) === name);
      return placeIn(rule, item?.place ?? inCondition(below(rule, 'condition'), name));
    },
    criterion(rule, key, index) {
      const nodes = below(rule, key);
      const item = index === undefined ? undefined : nodes.flatMap(itemsOf)[index];
      return placeIn(rule, (item ?? nodes.at(-1))?.place);
    },
    action(rule, name) {
      const actions = (blocks.get(rule.name) ?? []).flatMap((block) => {
        const list = block.entries.get('actions')?.value;
        return list ? itemsOf(list) : [];
      });
      const names = actions.flatMap((node) => (node.kind === 'map' ? (node.entries.get('action') ?? []) : []));
      return placeIn(rule, names.findLast((entry) => textOf(entry) === name)?.value.place);
    },
  };
}

function itemsOf(node: YamlNode): readonly YamlNode[] {
  return node.kind === 'list' ? node.items : [];
}

function textOf(entry: { readonly value: YamlNode } | undefined): string | undefined {
  return entry?.value.kind === 'scalar' ? valueText(entry.value.value) : undefined;
}

/** The last condition wins. A name that comes from a macro or a list is not in it. */
function inCondition(conditions: readonly YamlNode[], name: string): Place | undefined {
  const last = conditions.at(-1);
  const text = last && textOf({ value: last });
  const offset = text?.indexOf(name) ?? -1;
  return last && text !== undefined && offset !== -1
    ? scalarText({ text, place: last.place }).placeAt(offset)
    : last?.place;
}

function placeIn(rule: Rule, place: Place | undefined): RulePlace {
  if (!place) return { ...rule.position, path: rule.name };
  const below = pathText(pathOf(place).slice(1));
  return { ...place.source.position(place.offset), path: below === '' ? rule.name : `${rule.name}.${below}` };
}
