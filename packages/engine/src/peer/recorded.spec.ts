import { describe, expect, it } from 'vitest';
import { decodeAlert } from '../decode/decode-alert.ts';
import { compileMatcher } from '../match/matcher.ts';
import { rulesOf, testingRegistry } from '../rules/testing-registry.ts';
import { findDifferences } from './find-differences.ts';
import { RECORDED, RECORDED_ALERTS } from './testing-recorded.ts';

const alerts = RECORDED_ALERTS.map((alert) =>
  decodeAlert(Buffer.from(JSON.stringify(alert)), { id: 'e', traceId: '0'.repeat(32), receivedAt: 0 }),
);

/** Which of the alerts the rule matches here, and what is told about it. */
function here(match: object): { matched: string; told: readonly { id: string; effect: string }[] } {
  const text = JSON.stringify([
    { rule: 'R', match, actions: [{ action: 'A', actionner: 'kubernetes:label', parameters: { labels: { a: 'b' } } }] },
  ]);
  const matcher = compileMatcher(rulesOf(text));
  const matched = alerts.map((alert) => String(matcher.match(alert).length)).join('');
  return { matched, told: findDifferences([{ path: 'r.yaml', text }], testingRegistry) };
}

describe('what the Go engine matched', () => {
  it.each(RECORDED)('%j', (match, there) => {
    const { matched, told } = here(match);
    expect(there === 'refused' ? refusalProblems(told) : matchProblems(matched, there, told)).toEqual([]);
  });
});

type Told = ReturnType<typeof here>['told'];

function refusalProblems(told: Told): readonly string[] {
  return told.some(({ id }) => id === 'refused') ? [] : ['that it was refused is not told'];
}

function matchProblems(matched: string, there: string, told: Told): readonly string[] {
  const problems = alerts.flatMap((_, index) => {
    if (matched[index] === there[index]) return [];
    if (matched[index] === '0') return told.length > 0 ? [] : [`alert ${index} matched there, and nothing is told`];
    const dangerous = told.some(({ effect }) => effect === 'more');
    return dangerous ? [] : [`alert ${index} matches only here, and that is not told first`];
  });
  // Nor is anything told without a reason: the alerts have one for each difference.
  return told.length > 0 && matched === there ? ['something is told without a reason'] : problems;
}
