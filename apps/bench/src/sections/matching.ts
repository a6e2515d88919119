import type { FalcoEvent } from '@falco-talon/core';
import { buildRegistry, compileMatcher, decodeAlert, loadRules, type Matcher } from '@falco-talon/engine';
import actionners from '@falco-talon/actionner-kubernetes';
import { alertText } from '../alerts.ts';
import { percentile, type Measurement, type Section } from '../measurement.ts';

const ROUNDS = 30;
const EVENTS = 2_000;

/** Cost of matching one event, at growing numbers of rules with different Falco rule names. */
export const matching: Section = {
  name: 'matching',
  async run() {
    const event = decode(0);
    const costs = [10, 1_000, 10_000].map((count) => ({ count, cost: costOf(matcherOf(count, CRITERIA), event) }));
    const base = costs[0]?.cost ?? NaN;
    const conditions = costOf(matcherOf(10_000, CONDITION), event);
    const decoding = medianCost(() => void decode(1));
    return [
      { name: 'decoding one alert of 1.1 KB', value: decoding, unit: 'µs' },
      ...costs.map(({ count, cost }): Measurement => ({
        name: `matching one event against ${count} rules`,
        value: cost,
        unit: 'µs',
      })),
      { name: 'matching one event against 10000 rules with conditions', value: conditions, unit: 'µs' },
      {
        name: '10,000 rules against 10 rules',
        value: (costs.at(-1)?.cost ?? NaN) / base,
        unit: '×',
        limit: { kind: 'atMost', value: 5 },
      },
    ];
  },
};

function decode(n: number): FalcoEvent {
  return decodeAlert(Buffer.from(alertText('Rule 5', 'cart', n)), { id: 'id', traceId: 'trace', receivedAt: 0 });
}

type MatchOf = (n: number) => string;

const CRITERIA: MatchOf = (n) =>
  `{ rules: [Rule ${n}], priority: ">=Notice", output_fields: ["k8s.ns.name!=kube-system"] }`;
const CONDITION: MatchOf = (n) =>
  `{ condition: 'rule = "Rule ${n}" and priority >= Notice and not k8s.ns.name in (kube-system)' }`;

function matcherOf(count: number, matchOf: MatchOf): Matcher {
  const blocks = Array.from(
    { length: count },
    (_, n) => `- rule: r${n}\n  match: ${matchOf(n)}\n  actions: [{ action: a, actionner: kubernetes:log }]\n`,
  );
  const { ruleSet, problems } = loadRules([{ path: 'rules.yaml', text: blocks.join('') }], buildRegistry([actionners]));
  if (!ruleSet) throw new Error(problems.map(({ message }) => message).join('\n'));
  return compileMatcher(ruleSet);
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
