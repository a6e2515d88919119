import { createHash } from 'node:crypto';
import type { Registry } from '../registry/registry.ts';
import { readDefinitions } from './definitions.ts';
import { mergeActions, mergeByName, mergeRules } from './merge.ts';
import { placeOldRules } from './old-syntax/place-old-rules.ts';
import { parseBlocks } from './parse-blocks.ts';
import { createReport, type Report } from './report.ts';
import { checkSharedAction, type ResolveDeps } from './resolve-action.ts';
import { resolveRule } from './resolve-rule.ts';
import type { RuleBlock } from './block.ts';
import { matchesEverything, type Problem, type Rule, type RuleFile, type RuleSet } from './rule.ts';
import { readYaml } from './yaml-document.ts';

export interface LoadedRules {
  /** Undefined when there is an error. */
  readonly ruleSet: RuleSet | undefined;
  /** Every error and warning of every file, by file, line and column. */
  readonly problems: readonly Problem[];
}

/**
 * Merges and checks the rules of several files, later ones over earlier ones. Pure.
 * Shared actions may be used before they are defined, and in other files.
 */
export function loadRules(files: readonly RuleFile[], registry: Registry): LoadedRules {
  const report = createReport();
  const documents = files.map(({ path, text }) => readYaml(path, text));
  for (const { problems } of documents) report.add(problems);
  const parsed = documents.map((document) => parseBlocks(document, report));
  const complete = documents.every(({ problems }) => problems.length === 0);
  const macros = parsed.flatMap((file) => file.macros);
  const lists = parsed.flatMap((file) => file.lists);
  const deps: ResolveDeps = {
    registry,
    report,
    shared: mergeByName(
      parsed.flatMap(({ actions }) => actions),
      mergeActions,
    ),
    definitions: readDefinitions({ macros, lists }, complete, report),
    complete,
  };
  for (const action of deps.shared.values()) checkSharedAction(action, deps);
  const blocks = [...mergeByName(placeOldRules(parsed, registry, report), mergeRules).values()];
  const rules = blocks.map((block) => resolveRule(block, deps));
  warnOfUnreachable(blocks, rules, report);

  const problems = report.all(files.map(({ path }) => path));
  if (problems.some(({ severity }) => severity === 'error')) return { ruleSet: undefined, problems };
  return { ruleSet: { version: versionOf(files), rules }, problems };
}

function warnOfUnreachable(blocks: readonly RuleBlock[], rules: readonly Rule[], report: Report): void {
  const last = rules.findIndex(
    (rule, index) =>
      !rule.continue &&
      matchesEverything(rule.match) &&
      // A condition with a mistake is none here.
      !blocks[index]!.match?.condition &&
      !blocks[index]!.broken.has('match'),
  );
  if (last === -1 || last === rules.length - 1) return;
  report.warning(
    blocks[last]!.name.place,
    `no rule after this one is ever tried, as it matches every event and has continue: false (first: ${JSON.stringify(rules[last + 1]!.name)})`,
  );
}

function versionOf(files: readonly RuleFile[]): string {
  const hash = createHash('sha256');
  for (const { text } of files) hash.update(`${Buffer.byteLength(text)}\n`).update(text);
  return hash.digest('hex').slice(0, 12);
}
