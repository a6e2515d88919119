import { parsePriorityName } from '../rules/parse-priority.ts';
import type { Problem, RuleFile } from '../rules/rule.ts';
import { readYamlStream } from '../rules/yaml-document.ts';
import { isNull, pathOf, pathText, type Place, type YamlMap, type YamlNode } from '../rules/yaml-node.ts';
import { positionOf } from './falco-block.ts';
import {
  SHIPPED_SETTINGS,
  SUGGESTED_FIELDS,
  type AddedFields,
  type FalcoSettings,
  type RuleSwitch,
} from './falco-settings.ts';
import { switchWord, textOf } from './falco-values.ts';
import { outputFields, unquoted } from './output-fields.ts';

export interface ReadSettings {
  readonly settings: FalcoSettings;
  readonly problems: readonly Problem[];
}

type Report = (place: Place, message: string) => void;

/**
 * The keys of a `falco.yaml` that decide which alerts come and what they carry, read as Falco does
 * (https://github.com/falcosecurity/falco/blob/master/userspace/falco/configuration.h). All other keys are left alone,
 * `config_files` too; environment variables are not put in. Pure.
 */
export function readFalcoSettings({ path: file, text }: RuleFile): ReadSettings {
  const { roots, problems: syntax } = readYamlStream(file, text);
  const problems: Problem[] = [...syntax];
  const report: Report = (place, message) => {
    problems.push({ ...positionOf(place), severity: 'error', path: pathText(pathOf(place)), message });
  };
  const [root] = roots;
  if (root && root.kind !== 'map') report(root.place, 'falco.yaml is a map of settings');
  const map = root?.kind === 'map' ? root : undefined;
  const flag = (key: string, preset: boolean) => {
    const node = map?.entries.get(key)?.value;
    return node ? (switchWord(textOf(node) ?? '') ?? preset) : preset;
  };
  const priority = map?.entries.get('priority');
  const least = priority && parsePriorityName(textOf(priority.value) ?? '');
  const settings: FalcoSettings = {
    added: itemsAt(map, 'append_output', report).flatMap((item) => addedFields(item, report)),
    switches: itemsAt(map, 'rules', report).flatMap((item) => ruleSwitch(item, report)),
    leastPriority: least ? { priority: least, position: positionOf(priority.key) } : SHIPPED_SETTINGS.leastPriority,
    carriesFields: flag('json_include_output_fields_property', true),
    carriesTags: flag('json_include_tags_property', true),
    timeField: flag('time_format_iso_8601', false) ? 'evt.time.iso8601' : 'evt.time',
  };
  return { settings, problems };
}

function itemsAt(map: YamlMap | undefined, key: string, report: Report): readonly YamlMap[] {
  const entry = map?.entries.get(key);
  if (!entry || isNull(entry.value)) return [];
  const items = entry.value.kind === 'list' ? entry.value.items : undefined;
  if (!items) report(entry.key, `${key} is a list`);
  return (items ?? []).flatMap((item) => {
    if (item.kind === 'map') return [item];
    report(item.place, `an entry of ${key} is a map`);
    return [];
  });
}

function addedFields({ entries }: YamlMap, report: Report): readonly AddedFields[] {
  const match = entries.get('match')?.value;
  const at = (key: string) => (match?.kind === 'map' ? match.entries.get(key)?.value : undefined);
  const [rule, source, tags] = [at('rule'), at('source'), at('tags')];
  const condition = {
    ...(rule && textOf(rule) !== undefined && { rule: textOf(rule)! }),
    ...(source && textOf(source) !== undefined && { source: textOf(source)! }),
    tags: tags?.kind === 'list' ? tags.items.flatMap((tag) => textOf(tag) ?? []) : [],
  };
  const output = entries.get('extra_output')?.value;
  const extra = entries.get('extra_fields')?.value;
  const fields = [...outputFields((output && textOf(output)) ?? ''), ...(extra ? fieldNames(extra, report) : [])];
  const suggested = entries.get('suggested_output')?.value;
  const suggests = suggested !== undefined && switchWord(textOf(suggested) ?? '') === true;
  return [
    ...(fields.length > 0 ? [{ ...condition, fields }] : []),
    // The plugin that suggests them knows system calls only.
    ...(suggests && (condition.source ?? 'syscall') === 'syscall'
      ? [{ ...SUGGESTED_FIELDS, ...condition, source: 'syscall' }]
      : []),
  ];
}

/** `- fd.rip`, or `- name: format` for a field of that name. */
function fieldNames(node: YamlNode, report: Report): readonly string[] {
  if (node.kind !== 'list') {
    report(node.place, 'extra_fields is a list of fields');
    return [];
  }
  return node.items.flatMap((item) => {
    const name = item.kind === 'map' ? [...item.entries.keys()][0] : textOf(item);
    if (name !== undefined) return [item.kind === 'map' ? name : unquoted(name)];
    report(item.place, 'an entry of extra_fields is a field, or a name with a format');
    return [];
  });
}

function ruleSwitch({ entries, place }: YamlMap, report: Report): readonly RuleSwitch[] {
  const enable = entries.get('enable')?.value;
  const which = enable ?? entries.get('disable')?.value;
  const at = (key: string) => {
    const node = which?.kind === 'map' ? which.entries.get(key)?.value : undefined;
    return node && textOf(node);
  };
  const [rule, tag] = [at('rule'), at('tag')];
  if (rule === undefined && tag === undefined) {
    report(place, 'an entry of rules says enable or disable, with a rule or a tag: {disable: {rule: "*"}}');
    return [];
  }
  const named = { ...(rule !== undefined && { rule }), ...(tag !== undefined && { tag }) };
  return [{ ...named, enabled: enable !== undefined, position: positionOf(place) }];
}
