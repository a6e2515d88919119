import type { ExplainedComparison } from '../condition/explain-condition.ts';
import { printable } from '../rules/printable.ts';
import type { ExplainedCriterion, ExplainedRule } from './explain-rule.ts';
import { quoted, short } from './shown.ts';

/** Why a rule matches or not, for a terminal. */
export function ruleLines({ rule, evaluated, matched, criteria }: ExplainedRule): string[] {
  if (!evaluated) return [`  - ${printable(rule)}: not tried, an earlier rule matched and has continue: false`];
  const head = `  ${mark(matched)} ${printable(rule)}${criteria.length === 0 ? ': matches every event' : ''}`;
  return [head, ...criteria.flatMap(criterionLines).map((line) => `      ${line}`)];
}

/** What one criterion finds; the comparisons of a condition stand on lines of their own. */
export function criterionLines({ criterion, expected, actual, holds, near_miss, comparisons }: ExplainedCriterion) {
  const wanted = `${mark(holds)} ${criterion}: ${expectedText(expected)}`;
  if (comparisons) return [wanted, ...comparisonLines(comparisons).map((line) => `    ${line}`)];
  return [`${wanted}; the alert has ${seenText(actual)}${missText(near_miss)}`];
}

const COMPARISONS_SHOWN = 40;

function comparisonLines(comparisons: readonly ExplainedComparison[]): string[] {
  const lines = comparisons.slice(0, COMPARISONS_SHOWN).map(({ comparison, macros = [], actual, holds, near_miss }) => {
    const text = `${[...macros, ''].join(': ')}${comparison}`;
    const seen = actual === null ? 'none' : seenText(actual);
    return `${mark(holds)} ${short(text, 200)}; the alert has ${seen}${missText(near_miss)}`;
  });
  const more = comparisons.length - COMPARISONS_SHOWN;
  return more > 0 ? [...lines, `… and ${more} more comparisons`] : lines;
}

function mark(good: boolean): string {
  return good ? '✓' : '✗';
}

function missText(miss: string | undefined): string {
  return miss === undefined ? '' : ` (nearly: ${short(miss, 400)})`;
}

function expectedText(expected: string | readonly string[]): string {
  return typeof expected === 'string' ? short(expected, 1000) : expected.map((text) => printable(text)).join(' or ');
}

function seenText(seen: ExplainedCriterion['actual']): string {
  if (typeof seen === 'string') return seen === '' ? 'none' : quoted(seen);
  if (Array.isArray(seen)) return seen.length === 0 ? 'none' : seen.map(quoted).join(', ');
  return Object.entries(seen)
    .map(([field, value]) => `${printable(field)} ${value === null ? 'absent or null' : seenText(value)}`)
    .join(', ');
}
