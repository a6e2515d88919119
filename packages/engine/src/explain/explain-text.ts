import type { ExplainedComparison } from '../condition/explain-condition.ts';
import type { RuleVerdict } from '../match/matcher.ts';
import { printable } from '../rules/printable.ts';
import type { ExplainedStep, Explanation } from './explain.ts';

/** For a terminal. What the alert says is hostile: nothing in it can steer the terminal or begin a line of its own. */
export function explanationText({ event, rules, plan }: Explanation): string {
  const facts = [event.priority || 'no priority', event.source, event.hostname].filter((fact) => fact !== '');
  const lines = [`Alert ${quoted(event.rule)} (${facts.map((fact) => printable(fact)).join(', ')})`];
  if (event.output !== '') lines.push(`  ${printable(event.output)}`);
  lines.push('', 'Rules');
  if (rules.length === 0) lines.push('  none');
  for (const rule of rules) lines.push(...ruleLines(rule));
  lines.push('', 'Plan');
  if (plan.length === 0) lines.push('  nothing is done');
  for (const [index, step] of plan.entries()) lines.push(...stepLines(step, index + 1));
  return `${lines.join('\n')}\n`;
}

function ruleLines({ rule, evaluated, matched, criteria }: RuleVerdict): string[] {
  if (!evaluated) return [`  - ${printable(rule)}: not tried, an earlier rule matched and has continue: false`];
  const lines = [`  ${mark(matched)} ${printable(rule)}${criteria.length === 0 ? ': matches every event' : ''}`];
  for (const { criterion, expected, actual, holds, comparisons } of criteria) {
    const wanted = `      ${mark(holds)} ${criterion}: ${expectedText(expected)}`;
    if (comparisons) lines.push(wanted, ...comparisonLines(comparisons));
    else lines.push(`${wanted}; the alert has ${seenText(actual)}`);
  }
  return lines;
}

const COMPARISONS_SHOWN = 40;

function comparisonLines(comparisons: readonly ExplainedComparison[]): string[] {
  const lines = comparisons.slice(0, COMPARISONS_SHOWN).map(({ comparison, macros = [], actual, holds }) => {
    const text = `${[...macros, ''].join(': ')}${comparison}`;
    return `          ${mark(holds)} ${short(text, 200)}; the alert has ${actual === null ? 'none' : seenText(actual)}`;
  });
  const more = comparisons.length - COMPARISONS_SHOWN;
  return more > 0 ? [...lines, `          … and ${more} more comparisons`] : lines;
}

function mark(good: boolean): string {
  return good ? '✓' : '✗';
}

function expectedText(expected: string | readonly string[]): string {
  return typeof expected === 'string' ? short(expected, 1000) : expected.map((text) => printable(text)).join(' or ');
}

function seenText(seen: RuleVerdict['criteria'][number]['actual']): string {
  if (typeof seen === 'string') return seen === '' ? 'none' : quoted(seen);
  if (Array.isArray(seen)) return seen.length === 0 ? 'none' : seen.map(quoted).join(', ');
  return Object.entries(seen)
    .map(([field, value]) => `${printable(field)} ${value === null ? 'absent or null' : seenText(value)}`)
    .join(', ');
}

function quoted(text: string): string {
  return `"${short(text, 200)}"`;
}

function short(text: string, limit: number): string {
  return printable(text.length > limit ? `${text.slice(0, limit - 1)}…` : text);
}

function stepLines(step: ExplainedStep, number: number): string[] {
  const notes = [
    ...(step.dry_run ? ['dry run'] : []),
    ...(step.continue ? [] : ["the rule's later actions do not run"]),
    ...(step.ignore_errors ? ['errors are ignored'] : []),
  ];
  const head = `  ${number}. ${printable(step.action)} (${step.actionner}) of ${printable(step.rule)}`;
  const lines = [notes.length > 0 ? `${head}: ${notes.join(', ')}` : head];
  const add = (name: string, text: string) => {
    if (text !== '') lines.push(`       ${name}: ${text}`);
  };
  add('parameters', Object.keys(step.parameters).length > 0 ? printable(JSON.stringify(step.parameters)) : '');
  add('contexts', step.contexts.join(', '));
  add('output', step.output ? `${step.output.target} ${printable(JSON.stringify(step.output.parameters))}` : '');
  add('notifiers', step.notifiers.join(', '));
  return lines;
}
