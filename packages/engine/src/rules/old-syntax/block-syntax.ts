import type { Report } from '../report.ts';
import type { YamlMap } from '../yaml-node.ts';

/** A rule of the first releases: `- name:`, or at least their `action: {name: …}`. */
export function isOldRule(block: YamlMap): boolean {
  if (block.entries.has('name')) return misnamedKey(block) === undefined;
  const action = block.entries.get('action')?.value;
  return action?.kind === 'map' && action.entries.has('name');
}

/** What a block with today's keys should begin with instead of `name`. */
export function misnamedKey({ entries }: YamlMap): 'rule' | 'action' | undefined {
  if (!entries.has('name')) return undefined;
  if (entries.has('actions')) return 'rule';
  return entries.has('actionner') ? 'action' : undefined;
}

/** Watches over the blocks of one file: the first one that is in the other syntax than those before it is an error. */
export function expectOneSyntax(report: Report): (block: YamlMap, old: boolean) => void {
  let first: boolean | undefined;
  let reported = false;
  return (block, old) => {
    first ??= old;
    if (old === first || reported) return;
    reported = true;
    const [here, above] = old ? [OLD, TODAYS] : [TODAYS, OLD];
    report.error(
      block.place,
      `this block is in ${here}, those above it are in ${above}; a file is in one of the two: move this block to a file of its own, or bring the old rules to today's syntax with falco-talon rules migrate`,
    );
  };
}

const OLD = 'the syntax of the first releases (- name:)';
const TODAYS = "today's syntax (- rule:)";
