import { OVERRIDE_KEYS, RULE_KEYS, RULE_NOTES } from './block-keys.ts';
import type { ActionBlock, ListKey, RuleBlock } from './block.ts';
import { parseAction } from './parse-action.ts';
import { parseMatch } from './parse-match.ts';
import { checkName, mapEntry, placed, placedList, readKeys } from './read-keys.ts';
import type { Report } from './report.ts';
import { isNull, type YamlEntry, type YamlMap, type YamlNode } from './yaml-node.ts';

/** Undefined when the block has no name to refer to it by. */
export function parseRule(map: YamlMap, report: Report): RuleBlock | undefined {
  const { values, entries, broken } = readKeys(map, RULE_KEYS, report, RULE_NOTES);
  const name = placed(values.rule, entries.get('rule'));
  if (!name) {
    if (!broken.has('rule')) report.error(map.place, 'a rule begins with its name: - rule: NAME');
    return undefined;
  }
  checkName(name, report);
  const matchEntry = entries.get('match');
  const match = matchEntry && parseMatch(matchEntry, report);
  const actions = entries.get('actions')?.value;
  const items = actions?.kind === 'list' ? actions.items : [];
  const parsed = items.map((item) => parseItem(item, report)).filter((action) => action !== undefined);
  warnOfRepeats(parsed, report);
  return {
    name,
    description: values.description,
    match,
    actions: parsed,
    continue: values.continue,
    dryRun: values.dry_run,
    notifiers: placedList(values.notifiers, entries.get('notifiers')) ?? [],
    ...parseOverride(entries, report),
    broken: new Set([
      ...broken,
      ...(matchEntry && !match && !isNull(matchEntry.value) ? ['match'] : []),
      ...(parsed.length < items.length ? ['actions'] : []),
    ]),
  };
}

/** Falco's own key, for lists that shall get shorter. What it names must be given. */
function parseOverride(entries: ReadonlyMap<string, YamlEntry>, report: Report): Pick<RuleBlock, 'replaces'> {
  const override = mapEntry(entries.get('override'))?.value;
  if (!override) return {};
  const { values, entries: words } = readKeys(override, OVERRIDE_KEYS, report);
  const match = mapEntry(entries.get('match'))?.value;
  const replaces = new Set<ListKey>();
  for (const key of ['rules', 'tags', 'output_fields', 'actions', 'notifiers'] as const) {
    if (values[key] === undefined) continue;
    const isGiven = key === 'actions' || key === 'notifiers' ? entries.has(key) : match?.entries.has(key);
    if (!isGiven)
      report.error(words.get(key)!.key, `this block has no ${key} to ${values[key]}; write ${key}: [] for none`);
    else if (values[key] === 'replace') replaces.add(key);
  }
  return replaces.size > 0 ? { replaces } : {};
}

function parseItem(item: YamlNode, report: Report): ActionBlock | undefined {
  if (item.kind === 'map') return parseAction(item, report);
  report.error(item.place, 'an action begins with its name: - action: NAME');
  return undefined;
}

function warnOfRepeats(actions: RuleBlock['actions'], report: Report): void {
  const seen = new Set<string>();
  for (const { name } of actions) {
    if (seen.has(name.text)) {
      report.warning(
        name.place,
        `this rule lists the action ${JSON.stringify(name.text)} more than once; it runs each time`,
      );
    }
    seen.add(name.text);
  }
}
