import { isDeepStrictEqual } from 'node:util';
import type { Registry } from '../../registry/registry.ts';
import { loadRules } from '../load-rules.ts';
import { parseBlocks } from '../parse-blocks.ts';
import { createReport } from '../report.ts';
import type { Problem, RuleFile, RuleSet } from '../rule.ts';
import { readYaml } from '../yaml-document.ts';
import type { YamlNode } from '../yaml-node.ts';
import { OLD_FILE_ADVICE, translateOldRules } from './place-old-rules.ts';
import { printBlocks, type PrintedBlock } from './print-blocks.ts';
import { inTurn } from './translate-rule.ts';

export interface MigratedRules {
  /** One text for all the files: today's blocks as they were, and the old rules in the place of the first of them. */
  readonly text: string;
  /** Each file with old rules, in today's syntax by itself. */
  readonly files: readonly RuleFile[];
  /** The files one by one come to the same as before. False: the rules of several take turns. */
  readonly separable: boolean;
  /** Old rules stand in another order than before. */
  readonly reordered: boolean;
}

/**
 * Rules of the first releases in today's syntax, with the user's own words, comments and quotes. Loaded, the text gives
 * the very same rules. Undefined when the rules have an error.
 */
export function migrateRules(
  files: readonly RuleFile[],
  registry: Registry,
): { readonly migrated: MigratedRules | undefined; readonly problems: readonly Problem[] } {
  const { ruleSet, problems: found } = loadRules(files, registry);
  const problems = found.filter(({ message }) => message !== OLD_FILE_ADVICE);
  if (!ruleSet) return { migrated: undefined, problems };

  const quiet = createReport();
  const parsed = files.map((file) => {
    const document = readYaml(file.path, file.text);
    const items = document.root?.kind === 'list' ? document.root.items : [];
    return { file, items, blocks: parseBlocks(document, quiet) };
  });
  const rules = translateOldRules(
    parsed.map(({ blocks }) => blocks),
    registry,
    quiet,
  );
  const ordered = inTurn(rules);
  const first = parsed.findIndex(({ blocks }) => blocks.old.length > 0);
  const all = parsed.flatMap(({ blocks, items }, index): readonly PrintedBlock[] => {
    if (blocks.old.length === 0) return items.map(unchanged);
    return index === first ? ordered : [];
  });
  const old = parsed.filter(({ blocks }) => blocks.old.length > 0);
  const alone = old.map(({ file, blocks }) => {
    const here = new Set(blocks.old);
    const own = ordered.filter(({ original }) => here.has(original));
    return { path: file.path, text: printBlocks(own) };
  });
  const rewritten = files.map((file) => alone.find(({ path }) => path === file.path) ?? file);
  return {
    problems,
    migrated: {
      text: printBlocks(all),
      files: alone,
      separable: sameRules(ruleSet, loadRules(rewritten, registry).ruleSet),
      reordered: rules.some((rule, index) => rule !== ordered[index]),
    },
  };
}

function unchanged(block: YamlNode): PrintedBlock {
  return { original: block, block };
}

function sameRules(one: RuleSet, other: RuleSet | undefined): boolean {
  const plain = (ruleSet: RuleSet | undefined) => ruleSet?.rules.map((rule) => ({ ...rule, position: undefined }));
  return isDeepStrictEqual(plain(one), plain(other));
}
