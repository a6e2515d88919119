import { createHash } from 'node:crypto';
import type { Registry } from '../registry/registry.ts';
import { warnOfRules } from './doubts/warn-of-rules.ts';
import { readDefinitions } from './definitions.ts';
import { mergeByName, mergeRules, mergeSharedActions } from './merge.ts';
import { placeOldRules } from './old-syntax/place-old-rules.ts';
import { parseBlocks } from './parse-blocks.ts';
import { createReport } from './report.ts';
import { checkSharedAction, type ResolveDeps } from './resolve-action.ts';
import { resolveRule } from './resolve-rule.ts';
import type { Problem, RuleFile, RuleSet } from './rule.ts';
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
 * @param allRead false when there are files that could not be read: what is missing may stand there
 */
export function loadRules(files: readonly RuleFile[], registry: Registry, allRead = true): LoadedRules {
  const report = createReport();
  const documents = files.map(({ path, text }) => readYaml(path, text));
  for (const { problems } of documents) report.add(problems);
  const parsed = documents.map((document) => parseBlocks(document, report));
  const complete = allRead && parsed.every((file) => file.complete);
  const macros = parsed.flatMap((file) => file.macros);
  const lists = parsed.flatMap((file) => file.lists);
  const deps: ResolveDeps = {
    registry,
    report,
    shared: mergeByName(
      parsed.flatMap(({ actions }) => actions),
      mergeSharedActions,
    ),
    definitions: readDefinitions({ macros, lists }, complete, report),
    complete,
  };
  for (const action of deps.shared.values()) checkSharedAction(action, deps);
  const blocks = [...mergeByName(placeOldRules(parsed, registry, report), mergeRules).values()];
  const names = blocks.map(({ name }) => name.text);
  const rules = blocks.map((block) => resolveRule(block, names, deps));
  warnOfRules(
    blocks.map((block, index) => ({ block, rule: rules[index]! })),
    deps,
  );

  const problems = report.all(files.map(({ path }) => path));
  if (problems.some(({ severity }) => severity === 'error')) return { ruleSet: undefined, problems };
  return { ruleSet: { version: versionOf(files), rules }, problems };
}

function versionOf(files: readonly RuleFile[]): string {
  const hash = createHash('sha256');
  for (const { text } of files) hash.update(`${Buffer.byteLength(text)}\n`).update(text);
  return hash.digest('hex').slice(0, 12);
}
