import { testingRegistry } from '../rules/testing-registry.ts';
import { loadRules } from '../rules/load-rules.ts';
import type { Registry } from '../registry/registry.ts';
import { findDifferences } from './find-differences.ts';

/** Differences of texts as files `1.yaml`, `2.yaml`, …, in short: `1.yaml:2:3 source-alias`. The texts must load. */
export function differencesOf(texts: readonly string[], registry: Registry = testingRegistry): readonly string[] {
  const files = texts.map((text, index) => ({ path: `${index + 1}.yaml`, text }));
  const { ruleSet, problems } = loadRules(files, registry);
  if (!ruleSet) throw new Error(JSON.stringify(problems, undefined, 2));
  return findDifferences(files, registry).map(({ file, line, column, id }) => `${file}:${line}:${column} ${id}`);
}
