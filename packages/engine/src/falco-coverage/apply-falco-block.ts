import { isNull, type YamlMap, type YamlNode } from '../rules/yaml-node.ts';
import { positionOf, type FalcoBlock, type ReportFalco } from './falco-block.ts';
import type { FalcoRule } from './falco-rule.ts';
import { listAt, nameOf, priorityAt, switchAt, textAt } from './falco-values.ts';

/** By name, in the order of their first definition. */
export type Collected = Map<string, FalcoRule>;

/** What an `override` may add to, and what it may take the place of (rule_loader_reader.cpp, `read_item`). */
const APPENDABLE = ['condition', 'output', 'desc', 'tags', 'exceptions'];
const REPLACEABLE = [
  ...APPENDABLE,
  'priority',
  'capture',
  'capture_duration',
  'enabled',
  'warn_evttypes',
  'skip-if-unknown-filter',
];
/** Blocks that define no rule; Falco looks for them in this order. */
const OTHER_BLOCKS = ['required_engine_version', 'required_plugin_versions', 'list', 'macro'];

/** Takes one block over what the blocks before it said. Keys Falco ignores are ignored here. */
export function applyBlock(block: YamlMap, collected: Collected, report: ReportFalco): void {
  const { entries } = block;
  if (OTHER_BLOCKS.some((key) => entries.has(key)) || !entries.has('rule')) return;
  const name = nameOf(block, report);
  if (name === undefined) return;
  const rule: FalcoBlock = {
    name,
    map: block,
    report: (place, key, message) => report(place, key === '' ? [name] : [name, key], message),
  };
  const before = collected.get(name);
  const override = overrides(rule);
  const appends = switchAt(rule, 'append') === true;
  if (override === 'wrong') return;
  if (override !== undefined && appends)
    rule.report(entries.get('append')!.key, 'append', 'a rule has either append or override, not both');
  else if (override !== undefined) change(rule, before, override, collected);
  // It adds to the condition and the exceptions only, whatever else stands there.
  else if (appends) existing(rule, before, 'append: true');
  else if (isSwitch(block)) toggle(rule, before, collected);
  else define(rule, before, collected);
}

/** Without any of these, `enabled` is about the rule of this name that was defined before. */
function isSwitch({ entries }: YamlMap): boolean {
  return !['condition', 'output', 'desc', 'priority'].some((key) => entries.has(key));
}

function define(rule: FalcoBlock, before: FalcoRule | undefined, collected: Collected): void {
  const output = textAt(rule, 'output');
  const priority = priorityAt(rule);
  const source = rule.map.entries.has('source') ? textAt(rule, 'source') : 'syscall';
  const tags = listAt(rule, 'tags') ?? [];
  if (before && source !== undefined && source !== before.source) {
    const at = (rule.map.entries.get('source') ?? rule.map.entries.get('rule'))!.key;
    rule.report(at, 'source', `the rule was defined with the source ${before.source}, which cannot be changed`);
  }
  if (output === undefined || priority === undefined || source === undefined) return;
  collected.set(rule.name, {
    name: rule.name,
    position: positionOf(rule.map.entries.get('rule')!.key),
    priority,
    source,
    tags: [...new Set(tags)],
    output: output.trim(),
    enabled: true,
    ...enabledAt(rule),
  });
}

function toggle(rule: FalcoBlock, before: FalcoRule | undefined, collected: Collected): void {
  if (!rule.map.entries.has('enabled')) {
    rule.report(rule.map.place, '', 'a rule has condition, output, desc and priority, or else enabled');
    return;
  }
  const enabled = enabledAt(rule);
  const found = existing(rule, before, 'a block with enabled alone');
  if (found) collected.set(rule.name, { ...found, ...enabled });
}

function enabledAt(rule: FalcoBlock): Partial<FalcoRule> {
  const enabled = switchAt(rule, 'enabled');
  return enabled === undefined ? {} : { enabled, enabledAt: positionOf(rule.map.entries.get('enabled')!.key) };
}

function existing(rule: FalcoBlock, before: FalcoRule | undefined, what: string): FalcoRule | undefined {
  const message = `${what} changes a rule that exists, but no rule of this name stands before`;
  if (!before) rule.report(rule.map.entries.get('rule')!.key, '', message);
  return before;
}

type Overrides = ReadonlyMap<string, 'append' | 'replace'>;

function overrides({ map, report }: FalcoBlock): Overrides | 'wrong' | undefined {
  const entry = map.entries.get('override');
  if (!entry || isNull(entry.value)) return undefined;
  if (entry.value.kind !== 'map') {
    report(entry.key, 'override', 'override is a map: {tags: append, enabled: replace}');
    return 'wrong';
  }
  const found = new Map<string, 'append' | 'replace'>();
  let wrong = false;
  for (const [key, { key: place, value }] of entry.value.entries) {
    const message = overrideProblem(key, value, map);
    if (message === undefined) found.set(key, operation(value)!);
    else {
      report(place, 'override', message);
      wrong = true;
    }
  }
  for (const key of found.size > 0 ? REPLACEABLE : []) {
    if (!map.entries.has(key) || found.has(key) || wrong) continue;
    report(map.entries.get(key)!.key, key, `${key} stands beside an override that does not name it`);
    wrong = true;
  }
  if (wrong) return 'wrong';
  return found.size > 0 ? found : undefined;
}

function overrideProblem(key: string, value: YamlNode, { entries }: YamlMap): string | undefined {
  const what = operation(value);
  const allowed = what === 'append' ? APPENDABLE : REPLACEABLE;
  if (what === undefined) return `${key} can be overridden by append or replace`;
  if (!allowed.includes(key)) return `${key} cannot be overridden by ${what} (allowed: ${allowed.join(', ')})`;
  return entries.has(key) ? undefined : `override names ${key}, but the rule does not say it`;
}

function operation(value: YamlNode): 'append' | 'replace' | undefined {
  const word = value.kind === 'scalar' ? value.value : undefined;
  return word === 'append' || word === 'replace' ? word : undefined;
}

function change(rule: FalcoBlock, before: FalcoRule | undefined, override: Overrides, collected: Collected): void {
  const found = existing(rule, before, 'override');
  const output = override.has('output') ? textAt(rule, 'output') : undefined;
  const tags = override.has('tags') ? (listAt(rule, 'tags') ?? []) : undefined;
  const priority = override.has('priority') ? priorityAt(rule) : undefined;
  if (!found) return;
  collected.set(rule.name, {
    ...found,
    ...(output !== undefined && {
      output: override.get('output') === 'append' ? `${found.output} ${output}` : output,
    }),
    ...(tags && { tags: [...new Set(override.get('tags') === 'append' ? [...found.tags, ...tags] : tags)] }),
    ...(priority && { priority }),
    ...(override.has('enabled') && enabledAt(rule)),
  });
}
