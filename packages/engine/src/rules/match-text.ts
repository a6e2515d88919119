import { printCondition } from '../condition/print-condition.ts';
import { fieldCriteriaText } from './parse-field-criteria.ts';
import { priorityText } from './parse-priority.ts';
import { matchesEverything, type Match } from './rule.ts';

/** What a rule matches, on one line: `Terminal shell in container; priority >=Notice; tags a, b or c`. */
export function matchText(match: Match): string {
  if (matchesEverything(match)) return 'every alert';
  return [
    match.rules.join(' or '),
    match.priority ? `priority ${priorityText(match.priority)}` : '',
    match.source === undefined ? '' : `source ${match.source}`,
    either(
      'tags',
      match.tags.map((tags) => tags.join(', ')),
    ),
    either('fields', match.outputFields.map(fieldCriteriaText)),
    match.condition ? `condition ${printCondition(match.condition)}` : '',
  ]
    .filter((text) => text !== '')
    .join('; ');
}

function either(what: string, texts: readonly string[]): string {
  return texts.length === 0 ? '' : `${what} ${texts.join(' or ')}`;
}
