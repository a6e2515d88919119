import type { RuleBlock } from '../block.ts';
import type { Rule } from '../rule.ts';

/** A rule, with what it was written as. */
export interface JudgedRule {
  readonly block: RuleBlock;
  readonly rule: Rule;
}

/** False when something in its match is wrong, so that nothing can be said about what it matches. */
export function isMatchKnown({ block, rule }: JudgedRule): boolean {
  return !block.broken.has('match') && (block.match?.condition === undefined) === (rule.match.condition === undefined);
}

/** `"Name" (rules.yaml:3)` */
export function named({ rule }: JudgedRule): string {
  return `${JSON.stringify(rule.name)} (${rule.position.file}:${rule.position.line})`;
}
