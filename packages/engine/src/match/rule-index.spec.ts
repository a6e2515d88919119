import { expect, it } from 'vitest';
import { rulesOf } from '../rules/testing-registry.ts';
import { viewEvent } from './event-view.ts';
import { neededFacts } from './needed-facts.ts';
import { buildRuleIndex } from './rule-index.ts';
import { eventOf } from './testing-event.ts';

const OTHER = eventOf({
  rule: 'Other',
  priority: 'Notice',
  source: 'okta',
  hostname: 'node-2',
  tags: ['container'],
  fields: '{"k8s.ns.name":"blog","proc.name":"sh","a.list":["x"],"fd.rport":80}',
});

function candidates(...matches: readonly string[]): readonly number[] {
  const { rules } = rulesOf(matches.map((match, n) => `- { rule: r${n}, match: ${match}, actions: [] }\n`).join(''));
  const index = buildRuleIndex(rules.map(({ match }) => neededFacts(match)));
  return [...new Set(index.candidates(viewEvent(OTHER)).flat())].toSorted((a, b) => a - b);
}
const condition = (text: string) => JSON.stringify({ condition: text });

it.each([
  '{ rules: [A] }',
  '{ source: syscall }',
  '{ priority: ">=Warning" }',
  '{ tags: [shell, "mitre, container"] }',
  '{ output_fields: ["k8s.ns.name=shop", "k8s.ns.name=cart, proc.name!=sh"] }',
  condition('rule = A or rule in (B, C)'),
  condition('priority > Notice and not proc.name = sh'),
  condition('hostname = node-1'),
  condition('tags intersects (shell, mitre)'),
  condition('k8s.ns.name in (shop, cart) and not proc.name = sh'),
  condition('(proc.name = nc or k8s.ns.name = shop) and proc.name startswith s'),
  condition('a.list intersects (y, z)'),
  condition('fd.rport = 4444'),
  condition('ka.verb exists'),
  condition('ka.target.name contains x'),
])('an event that cannot match does not lead to the rule: %s', (match) => {
  expect(candidates(match)).toEqual([]);
});

it.each([
  'all',
  '{ output_fields: ["k8s.ns.name!=shop"] }',
  condition('not rule = A'),
  condition('rule != A'),
  condition('rule = A or k8s.ns.name != shop'),
  condition('fd.rport = 80.0'),
  condition('a.list in (x, y)'),
])('an event that may match does: %s', (match) => {
  expect(candidates(match)).toEqual([0]);
});

it('what many rules share is not what they are found by', () => {
  const matches = Array.from(
    { length: 50 },
    (_, n) =>
      `{ source: okta, priority: ">=Notice", tags: ["container, blog-${n}"], output_fields: ["proc.name=sh, k8s.ns.name=team-${n}"] }`,
  );
  expect(candidates(...matches)).toEqual([]);
  const sameName = matches.map((match) => match.replace('{ ', '{ rules: [Other], '));
  expect(candidates(...sameName)).toEqual([]);
  const severe = matches.map(() => '{ source: okta, priority: ">=Critical" }');
  expect(candidates(...severe, ...severe.map(() => '{ priority: ">=Error", source: okta }'))).toEqual([]);
});
