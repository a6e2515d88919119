import { isDeepStrictEqual } from 'node:util';
import type { Registry } from '../../registry/registry.ts';
import { loadRules } from '../load-rules.ts';
import { parseBlocks } from '../parse-blocks.ts';
import { createReport } from '../report.ts';
import type { Problem, RuleFile, RuleSet } from '../rule.ts';
import { readYaml } from '../yaml-document.ts';
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

  const { blocks, ordered, reordered } = readAgain(files, registry);
  const old = blocks.filter(({ old: here }) => here.length > 0);
  const first = blocks.findIndex(({ old: here }) => here.length > 0);
  const text = printBlocks(
    blocks.flatMap(({ todays }, index): readonly PrintedBlock[] => (index === first ? ordered : todays)),
  );
  const alone = old.map(({ file, old: here }) => {
    const own = new Set(here);
    return { path: file.path, text: printBlocks(ordered.filter(({ original }) => own.has(original))) };
  });
  const rewritten = files.map((file) => alone.find(({ path }) => path === file.path) ?? file);
  return {
    problems,
    migrated: {
      text: old.length === 0 && files.length === 1 ? files[0]!.text : text,
      files: alone,
      separable: old.length < 2 || sameRules(ruleSet, loadRules(rewritten, registry).ruleSet),
      reordered,
    },
  };
}

/** The blocks of files that are known to have no mistake. */
function readAgain(files: readonly RuleFile[], registry: Registry) {
  const quiet = createReport();
  const blocks = files.map((file) => {
    const document = readYaml(file.path, file.text);
    const { old, actions } = parseBlocks(document, quiet);
    const items = document.root?.kind === 'list' && old.length === 0 ? document.root.items : [];
    return { file, old, actions, todays: items.map((block) => ({ original: block, block })) };
  });
  const rules = translateOldRules(blocks, registry, quiet);
  const ordered = inTurn(rules);
  return { blocks, ordered, reordered: rules.some((rule, index) => rule !== ordered[index]) };
}

function sameRules(one: RuleSet, other: RuleSet | undefined): boolean {
  const plain = (ruleSet: RuleSet | undefined) => ruleSet?.rules.map((rule) => ({ ...rule, position: undefined }));
  return isDeepStrictEqual(plain(one), plain(other));
}
