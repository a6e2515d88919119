import { oneOf } from '@falco-talon/core';
import { OWN_KEYS } from '../condition/expression.ts';
import { LIST_KEYS, MACRO_KEYS } from './block-keys.ts';
import type { ListBlock, MacroBlock, Placed } from './block.ts';
import { mapEntry, placed, placedList, readKeys } from './read-keys.ts';
import type { Report } from './report.ts';
import { scalarText } from './scalar-text.ts';
import type { YamlEntry, YamlMap } from './yaml-node.ts';

const RESERVED = new Set<string>([...OWN_KEYS, 'output_fields', 'and', 'or', 'not']);

/** Undefined when the block has no name to refer to it by. */
export function parseMacro(map: YamlMap, report: Report): MacroBlock | undefined {
  const { values, entries, broken } = readKeys(map, MACRO_KEYS, report);
  const name = checkedName(placed(values.macro, entries.get('macro')), 'macro', broken, map, report);
  if (!name) return undefined;
  const condition = placed(values.condition, entries.get('condition'));
  if (!condition && !broken.has('condition')) report.error(name.place, 'a macro needs a condition');
  const append = appends('condition', values.append, entries.get('override'), report);
  return { name, condition: condition && scalarText(condition), append };
}

/** Undefined when the block has no name to refer to it by. */
export function parseList(map: YamlMap, report: Report): ListBlock | undefined {
  const { values, entries, broken } = readKeys(map, LIST_KEYS, report);
  const name = checkedName(placed(values.list, entries.get('list')), 'list', broken, map, report);
  if (!name) return undefined;
  const items = placedList(values.items, entries.get('items'));
  if (!items && !broken.has('items')) report.error(name.place, 'a list needs items; write items: [] for an empty one');
  return { name, items, append: appends('items', values.append, entries.get('override'), report) };
}

function checkedName(
  name: Placed | undefined,
  kind: 'macro' | 'list',
  broken: ReadonlySet<string>,
  map: YamlMap,
  report: Report,
): Placed | undefined {
  if (!name) {
    if (!broken.has(kind)) report.error(map.place, `a ${kind} begins with its name: - ${kind}: NAME`);
    return undefined;
  }
  const problem = nameProblem(name.text, kind);
  if (problem !== undefined) report.error(name.place, problem);
  return name;
}

function nameProblem(name: string, kind: 'macro' | 'list'): string | undefined {
  if (RESERVED.has(name)) return `${name} has a meaning of its own in conditions; give the ${kind} another name`;
  if (kind === 'macro' && !/^[A-Za-z]\w*$/.test(name))
    return "a macro's name is letters, digits and _, and begins with a letter";
  if (kind === 'list' && !/^[^()"'\s=,]+$/.test(name))
    return "a list's name has no blanks, quotes, parentheses, = and commas";
  return undefined;
}

/** Falco says so by `override: {items: append}`, older rules by `append: true`. */
function appends(key: string, append: boolean | undefined, override: YamlEntry | undefined, report: Report): boolean {
  const map = mapEntry(override)?.value;
  const { values } = map ? readKeys(map, { [key]: oneOf(['append', 'replace']) }, report) : { values: {} };
  return append === true || Object.values(values).includes('append');
}
