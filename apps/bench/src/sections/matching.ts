import type { FalcoEvent } from '@falco-talon/core';
import { compileMatcher, decodeAlert, type Matcher } from '@falco-talon/engine';
import { alertText, percentile } from '@falco-talon/testkit/server';
import type { Section } from '../measurement.ts';
import { CONDITION, CRITERIA, NAMELESS, ruleSetOf, type MatchOf } from '../many-rules.ts';

const ROUNDS = 30;
const EVENTS = 2_000;

/** Cost of decoding and of matching one event, at growing numbers of rules. */
export const matching: Section = {
  name: 'matching',
  run() {
    const event = decode(0);
    const cost = (count: number, matchOf: MatchOf) => costOf(matcherOf(count, matchOf), event);
    // The first measurement of a process is of code that has not been compiled yet.
    cost(10, CRITERIA);
    const ten = cost(10, CRITERIA);
    const many = cost(10_000, CRITERIA);
    return Promise.resolve([
      { name: 'decoding one alert of 1.1 KB', value: medianCost(() => void decode(1)), unit: 'µs' },
      { name: 'matching one event against 10 rules', value: ten, unit: 'µs' },
      { name: 'matching one event against 1,000 rules', value: cost(1_000, CRITERIA), unit: 'µs' },
      {
        name: 'matching one event against 10,000 rules',
        value: many,
        unit: 'µs',
        limit: { kind: 'atMost', value: 50 },
      },
      { name: '10,000 rules against 10 rules', value: many / ten, unit: '×', limit: { kind: 'atMost', value: 5 } },
      {
        name: '10,000 rules, 1 % without a rule name, against 10 rules',
        value: cost(10_000, (n) => (n % 100 === 0 ? NAMELESS(n / 100) : CRITERIA(n))) / ten,
        unit: '×',
        limit: { kind: 'atMost', value: 5 },
      },
      {
        name: 'matching one event against 10,000 rules with conditions',
        value: cost(10_000, CONDITION),
        unit: 'µs',
        limit: { kind: 'atMost', value: 50 },
      },
    ]);
  },
};

function decode(n: number): FalcoEvent {
  return decodeAlert(Buffer.from(alertText('Rule 5', 'cart', n)), { id: 'id', traceId: 'trace', receivedAt: 0 });
}

function matcherOf(count: number, matchOf: MatchOf): Matcher {
  return compileMatcher(ruleSetOf(count, matchOf));
}

function costOf(matcher: Matcher, event: FalcoEvent): number {
  return medianCost(() => void matcher.match(event));
}

/** Microseconds of one call: the median of rounds, so that a round another process disturbed does not count. */
function medianCost(call: () => void): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const startedAt = performance.now();
    for (let n = 0; n < EVENTS; n++) call();
    return ((performance.now() - startedAt) * 1000) / EVENTS;
  });
  return percentile(rounds, 0.5);
}
