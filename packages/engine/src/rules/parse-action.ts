import { ACTION_KEYS, ACTION_NOTES, OUTPUT_KEYS, OUTPUT_NOTES } from './block-keys.ts';
import type { ActionBlock, OutputBlock } from './block.ts';
import { checkName, mapEntry, placed, placedList, readKeys } from './read-keys.ts';
import type { Report } from './report.ts';
import type { YamlEntry, YamlMap } from './yaml-node.ts';

/** A shared action, or an entry of a rule's `actions`. Undefined when it has no name to refer to it by. */
export function parseAction(map: YamlMap, report: Report): ActionBlock | undefined {
  const { values, entries, broken } = readKeys(map, ACTION_KEYS, report, ACTION_NOTES);
  const name = placed(values.action, entries.get('action'));
  if (!name) {
    if (!broken.has('action')) report.error(map.place, 'an action begins with its name: - action: NAME');
    return undefined;
  }
  checkName(name, report);
  const both = entries.get('contexts') && entries.get('additional_contexts');
  if (both) report.error(both.key, 'contexts and additional_contexts are the same key; write one of them');
  return {
    name,
    description: values.description,
    actionner: placed(values.actionner, entries.get('actionner')),
    parameters: mapEntry(entries.get('parameters')),
    contexts:
      placedList(values.contexts, entries.get('contexts')) ??
      placedList(values.additional_contexts, entries.get('additional_contexts')),
    output: parseOutput(entries.get('output'), report),
    continue: values.continue,
    ignoreErrors: values.ignore_errors,
    broken,
  };
}

function parseOutput(entry: YamlEntry | undefined, report: Report): OutputBlock | undefined {
  if (entry?.value.kind !== 'map') return undefined;
  const { values, entries, broken } = readKeys(entry.value, OUTPUT_KEYS, report, OUTPUT_NOTES);
  return {
    place: entry.key,
    target: placed(values.target, entries.get('target')),
    parameters: mapEntry(entries.get('parameters')),
    wait: values.wait,
    broken,
  };
}
