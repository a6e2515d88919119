import { didYouMean, nearest, PRIORITIES, type Priority } from '@falco-talon/core';
import type { PriorityCriterion } from './rule.ts';

const BY_NAME: ReadonlyMap<string, Priority> = new Map([
  ...PRIORITIES.map((priority) => [priority.toLowerCase(), priority] as const),
  ['info', 'Informational'],
]);

const ALLOWED = `(allowed: ${PRIORITIES.join(', ')})`;

/** Falco's word for a priority in any case, `Info` included; undefined for any other word. */
export function parsePriorityName(text: string): Priority | undefined {
  return BY_NAME.get(text.trim().toLowerCase());
}

/** `>=Notice`, `Notice`. Returns a sentence when the text is no such criterion. */
export function parsePriority(text: string): PriorityCriterion | string {
  const [, comparator, name] = /^\s*([<>=!~]*)(.*)$/s.exec(text) ?? ['', '', ''];
  const word = name!.trim();
  if (comparator !== '' && !isComparator(comparator!)) {
    return `${comparator} is not a comparator (allowed: < <= > >= =)`;
  }
  const priority = parsePriorityName(word);
  if (priority !== undefined) return { comparator: isComparator(comparator!) ? comparator : '=', priority };
  return word === '' ? `a priority must follow ${comparator} ${ALLOWED}` : unknownPriority(word);
}

/** What is said of a text that `parsePriorityName` does not know. */
export function unknownPriority(text: string): string {
  return `${JSON.stringify(text)} is not a priority${didYouMean(nearest(text, PRIORITIES))} ${ALLOWED}`;
}

/** The priorities that fit; `>` means more severe. */
export function acceptedPriorities({ comparator, priority }: PriorityCriterion): ReadonlySet<Priority> {
  // Rank 0 is the most severe of all.
  const limit = PRIORITIES.indexOf(priority);
  return new Set(
    PRIORITIES.filter((_, rank) =>
      rank === limit ? comparator !== '<' && comparator !== '>' : comparator.startsWith(rank < limit ? '>' : '<'),
    ),
  );
}

export function priorityText({ comparator, priority }: PriorityCriterion): string {
  return comparator === '=' ? priority : `${comparator}${priority}`;
}

function isComparator(text: string): text is PriorityCriterion['comparator'] {
  return text === '<' || text === '<=' || text === '>' || text === '>=' || text === '=';
}
