import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileMatcher } from '../../match/matcher.ts';
import { eventOf } from '../../match/testing-event.ts';
import type { Rule, RuleSet } from '../rule.ts';
import { load } from '../testing-registry.ts';

const NAMES = ['x', 'y', 'z'];
const PRIORITIES = ['Emergency', 'Error', 'Notice', 'Debug', 'odd'];
const FIELDS = [
  {},
  { 'a.b': '1', t: '1' },
  { 'a.b': '2' },
  { 'a.b': '1', 'c.d': '1' },
  { 'a.b': 1 },
  { 'a.b': ['1', '2'] },
];
const EVENTS = NAMES.flatMap((rule) =>
  PRIORITIES.flatMap((priority) =>
    ['syscall', 'k8s_audit'].flatMap((source) =>
      [[], ['s'], ['s', 't']].flatMap((tags) =>
        FIELDS.map((fields) => eventOf({ rule, priority, source, tags, fields: JSON.stringify(fields) })),
      ),
    ),
  ),
);

const some = (values: readonly string[], most = 3) =>
  fc.subarray([...values], { minLength: 1, maxLength: most }).map((list) => JSON.stringify(list));
const OTHERS = [
  'm',
  'not m',
  'rule = x',
  'not rule = x',
  'rule in (x, y)',
  '(rule = x or a.b = 1)',
  '(a.b = 1 or a.b = 2)',
  'source = syscall',
  'priority >= Error',
  'tags intersects (s)',
];
const EMPTY = { rules: 0, priority: 0, source: 0, tags: 0, output_fields: 0, condition: 0 };
const criteria = fc.record(
  {
    rules: some(NAMES),
    priority: fc.constantFrom('">=Error"', '<Error', '=Notice', '">Emergency"', '<Debug', '<=Notice'),
    source: fc.constantFrom('syscalls', 'k8saudit'),
    tags: some(['s', 't', 's, t']),
    output_fields: some(['a.b=1', 'a.b=2', 'a.b!=1', 'a.b!=2', 'a.b=1, a.b=2', 'c.d=1, a.b=1', 'a.b=1, a.b!=1']),
    condition: fc
      .array(
        fc.constantFrom(
          'a.b = 1',
          'a.b = 2',
          'a.b = x',
          'a.b != x',
          'not a.b = 1',
          'a.b in (1, x)',
          'c.d exists',
          ...OTHERS,
        ),
        { minLength: 1, maxLength: 3 },
      )
      .map((parts) => JSON.stringify(parts.join(' and '))),
  },
  { requiredKeys: [] },
);
/** Much like each other, so that one often matches what another does. */
const rules = fc
  .tuple(
    criteria,
    fc.array(
      fc.record({
        dropped: fc.subarray(Object.keys(EMPTY)),
        more: criteria,
        isOther: fc.boolean(),
        stops: fc.boolean(),
      }),
      { minLength: 2, maxLength: 4 },
    ),
  )
  .map(([base, variations]) =>
    variations.map(({ dropped, more, isOther, stops }) => ({
      stops,
      criteria: Object.entries(isOther ? { ...base, ...more } : base).filter(([key]) => !dropped.includes(key)),
    })),
  );

const MACRO = '- {macro: m, condition: a.b = 1}\n';

function blockOf({ stops, criteria: given }: { stops: boolean; criteria: [string, unknown][] }, index: number): string {
  const match = given.map(([key, value]) => `${key}: ${value as string}`).join(', ');
  const action = '{action: a, actionner: kubernetes:exec, parameters: {command: id}}';
  return `- {rule: r${index}, continue: ${!stops}, actions: [${action}], match: {${match}}}\n`;
}

/** For each alert whether the rule matches. */
function matchesOf(ruleSet: RuleSet, rule: Rule): string {
  const matcher = compileMatcher({ ...ruleSet, rules: [rule] });
  return EVENTS.map((event) => matcher.match(event).length).join();
}

it('no claim about what rules match is ever wrong', () => {
  const claims = new Set<string>();
  fc.assert(
    fc.property(rules, (variations) => {
      const blocks = variations.map(blockOf);
      const { ruleSet, problems } = load(MACRO + blocks.join(''));
      if (!ruleSet) throw new Error(problems[0]?.message);
      const all = compileMatcher(ruleSet);
      const matched = new Set(EVENTS.flatMap((event) => all.match(event).map(({ name }) => name)));
      const alone = ruleSet.rules.map((one) => matchesOf(ruleSet, one));
      const withoutFields = (index: number) => {
        const { stops, criteria: given } = variations[index]!;
        const less = load(
          MACRO + blockOf({ stops, criteria: given.filter(([key]) => key !== 'output_fields') }, index),
        );
        return matchesOf(less.ruleSet!, less.ruleSet!.rules[0]!);
      };
      for (const { message, line } of problems) {
        const index = line - 2;
        const same = Number(/same alerts as "r(\d)"/.exec(message)?.[1] ?? index);
        const isWrong =
          (message.includes('never tried') && matched.has(`r${index}`)) ||
          (message.includes('after this one is ever tried') && matched.has(`r${index + 1}`)) ||
          (message.includes('never matches') && alone[index]!.includes('1')) ||
          (message.includes('leave nothing out') && alone[index] !== withoutFields(index)) ||
          alone[index] !== alone[same];
        if (isWrong) throw new Error(`${message}\n${blocks.join('')}`);
        claims.add(message.replace(/^(this rule \w+ \w+).*/, '$1'));
      }
    }),
    { numRuns: 150, seed: 20261122 },
  );
  expect([...claims].filter((claim) => /^this rule (is never|never matches|matches the)/.test(claim))).toHaveLength(3);
  expect([...claims].join()).toContain('leave nothing out');
});
