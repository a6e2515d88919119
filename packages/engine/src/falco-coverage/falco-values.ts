import { valueText, type Priority } from '@falco-talon/core';
import { parsePriorityName, unknownPriority } from '../rules/parse-priority.ts';
import type { YamlMap, YamlNode } from '../rules/yaml-node.ts';
import type { FalcoBlock, ReportFalco } from './falco-block.ts';

/** The name a block of rules begins with. */
export function nameOf({ entries }: YamlMap, report: ReportFalco): string | undefined {
  const { key, value } = entries.get('rule')!;
  const name = textOf(value);
  if (name === undefined) report(key, [], 'a rule begins with its name: - rule: NAME');
  return name;
}

/** A text that must be there and not be empty. */
export function textAt({ map, report }: FalcoBlock, key: string): string | undefined {
  const entry = map.entries.get(key);
  const text = entry && textOf(entry.value);
  if (text === undefined)
    report(entry?.key ?? map.entries.get('rule')!.key, key, `a rule of Falco has ${aOrAn(key)}, which is a text`);
  return text;
}

export function priorityAt(rule: FalcoBlock): Priority | undefined {
  const text = textAt(rule, 'priority');
  const priority = text === undefined ? undefined : parsePriorityName(text);
  if (text !== undefined && priority === undefined)
    rule.report(rule.map.entries.get('priority')!.value.place, 'priority', unknownPriority(text));
  return priority;
}

/** Undefined when it is not there. */
export function listAt({ map, report }: FalcoBlock, key: string): readonly string[] | undefined {
  const entry = map.entries.get(key);
  if (!entry) return undefined;
  const texts = entry.value.kind === 'list' ? entry.value.items.map(textOf) : [undefined];
  if (!texts.includes(undefined)) return texts as string[];
  report(entry.key, key, `${key} is a list of texts`);
  return undefined;
}

/** Undefined when it is not there, or wrong. */
export function switchAt({ map, report }: FalcoBlock, key: string): boolean | undefined {
  const entry = map.entries.get(key);
  if (!entry) return undefined;
  const value = switchWord(textOf(entry.value) ?? '');
  if (value === undefined) report(entry.key, key, `${key} is true or false`);
  return value;
}

/** yaml-cpp's words, which are YAML 1.1's: `yes`, `Off`, `N`. Undefined for any other. */
export function switchWord(word: string): boolean | undefined {
  if (/^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(word)) return true;
  return /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(word) ? false : undefined;
}

/** The text of a scalar; undefined when it has none. */
export function textOf(node: YamlNode): string | undefined {
  const text = node.kind === 'scalar' ? valueText(node.value) : undefined;
  return text === '' ? undefined : text;
}

function aOrAn(word: string): string {
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
}
