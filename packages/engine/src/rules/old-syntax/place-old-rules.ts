import type { Registry } from '../../registry/registry.ts';
import type { ActionBlock, RuleBlock } from '../block.ts';
import { parseRule } from '../parse-rule.ts';
import type { Report } from '../report.ts';
import type { YamlMap } from '../yaml-node.ts';
import { inTurn, translateRule, type TranslatedRule } from './translate-rule.ts';

export interface FileBlocks {
  readonly rules: readonly RuleBlock[];
  readonly actions: readonly ActionBlock[];
  /** Blocks in the syntax of the first releases. */
  readonly old: readonly YamlMap[];
}

/** The rules of all files in the order they are tried. Those of the first releases are one set, in the place of the first such file. */
export function placeOldRules(files: readonly FileBlocks[], registry: Registry, report: Report): readonly RuleBlock[] {
  const first = files.findIndex(({ old }) => old.length > 0);
  if (first === -1) return files.flatMap(({ rules }) => rules);
  const todays = new Map(files.flatMap(({ rules }) => rules).map((rule) => [rule.name.text, rule]));
  const seen = new Map<string, RuleBlock>();
  const rules = translateOldRules(files, registry, report).flatMap((translated) => {
    const rule = parseTranslated(translated, report);
    if (!rule || isRepeated(rule, seen, todays, report)) return [];
    seen.set(rule.name.text, rule);
    return [{ rule, turn: translated.turn }];
  });
  for (const { old } of files) if (old[0]) report.warning(old[0].place, OLD_FILE_ADVICE);
  return files.flatMap((file, index) => [
    ...(index === first ? inTurn(rules).map(({ rule }) => rule) : []),
    ...file.rules,
  ]);
}

/** In the order of the files. */
export function translateOldRules(
  files: readonly Pick<FileBlocks, 'old' | 'actions'>[],
  registry: Registry,
  report: Report,
): readonly TranslatedRule[] {
  const shared = new Set(files.flatMap(({ actions }) => actions).map(({ name }) => name.text));
  return files
    .flatMap(({ old }) => old)
    .map((block) => translateRule(block, registry, shared, report))
    .filter((rule) => rule !== undefined);
}

function parseTranslated({ block, broken }: TranslatedRule, report: Report): RuleBlock | undefined {
  const rule = parseRule(block, report);
  if (!rule) return undefined;
  const actions = rule.actions.map((action) => ({ ...action, broken: new Set([...action.broken, ...broken.action]) }));
  return { ...rule, actions, old: true, broken: new Set([...rule.broken, ...broken.rule]) };
}

function isRepeated(
  { name }: RuleBlock,
  old: ReadonlyMap<string, RuleBlock>,
  todays: ReadonlyMap<string, RuleBlock>,
  report: Report,
): boolean {
  const other = old.get(name.text) ?? todays.get(name.text);
  if (!other) return false;
  const { file, line } = other.name.place.source.position(other.name.place.offset);
  report.error(
    name.place,
    old.has(name.text)
      ? `there is another rule of this name in line ${line} of ${file}; names are unique in the syntax of the first releases`
      : `there is another rule of this name in line ${line} of ${file}, in today's syntax; only rules in today's syntax are merged: ${MIGRATE}`,
  );
  return true;
}

const MIGRATE = 'falco-talon rules migrate brings the old ones to it';
/** The warning that each file of the time gets. */
export const OLD_FILE_ADVICE =
  "the rules of this file are in the syntax of the first releases; falco-talon rules migrate prints them in today's";
