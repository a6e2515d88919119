import { describe, expect, it } from 'vitest';
import { compileMatcher } from '../match/matcher.ts';
import { eventOf } from '../match/testing-event.ts';
import { rulesOf } from '../rules/testing-registry.ts';
import { explainRule } from './explain-rule.ts';
import { ruleLines } from './rule-text.ts';

function misses(match: string, event = eventOf()): (string | undefined)[] {
  const rules = rulesOf(`- rule: r\n  continue: false\n  match: ${match}\n`);
  const verdict = explainRule(compileMatcher(rules).explain(event)[0]!, event);
  return verdict.criteria.flatMap(({ near_miss, comparisons = [] }) => [
    ...(near_miss === undefined ? [] : [near_miss]),
    ...comparisons.map((comparison) => comparison.near_miss),
  ]);
}

const event = eventOf({
  rule: 'terminal shell in  Container',
  priority: 'Warn',
  source: 'Syscall',
  tags: ['Container', 'mitre execution'],
  fields: '{"k8s.ns.name":" shop","proc.name":"Bash","K8s.pod.name":"cart"}',
});

describe('what nearly made a criterion hold', () => {
  it.each([
    [
      '{rules: [other, Terminal shell in container]}',
      '"terminal shell in  Container" differs from "Terminal shell in container" only in blanks and the case of letters',
    ],
    ['{source: syscall}', '"Syscall" differs from "syscall" only in the case of letters'],
    ['{priority: Warning}', '"Warn" is no priority of Falco; is it meant to be Warning?'],
    ['{tags: [none, "container, x"]}', '"Container" differs from "container" only in the case of letters'],
    ['{tags: [mitreexecution]}', '"mitre execution" differs from "mitreexecution" only in blanks'],
    ['{output_fields: [k8s.ns.name=shop]}', '" shop" differs from "shop" only in blanks'],
    ['{output_fields: ["a=1, proc.name=bash"]}', '"Bash" differs from "bash" only in the case of letters'],
    ['{output_fields: [k8s.pod.name=x]}', '"K8s.pod.name" differs from "k8s.pod.name" only in the case of letters'],
    ['{condition: proc.name = bash}', '"Bash" differs from "bash" only in the case of letters'],
    ['{condition: "proc.name in (sh, bash)"}', '"Bash" differs from "bash" only in the case of letters'],
    ['{condition: tags intersects (container)}', '"Container" differs from "container" only in the case of letters'],
  ])('%s', (match, miss) => expect(misses(match, event)).toContain(miss));

  it.each([
    '{rules: [Terminal shells in container]}',
    '{priority: Debug}',
    '{tags: [t]}',
    '{output_fields: [proc.name!=Bash]}',
    '{output_fields: [absent=1]}',
  ])('%s is no near miss', (match) => {
    const plain = eventOf({ priority: 'Error', tags: ['u'], fields: '{"proc.name":"Bash"}' });
    expect(misses(match, plain)).toEqual([]);
  });

  it('is said in a terminal, with nothing that could steer it', () => {
    const hostile = eventOf({ fields: JSON.stringify({ f: 'A\u001b[2J' }) });
    const rules = rulesOf(
      `- rule: r\n  continue: false\n  match: {output_fields: ["f='a\u001b[2J'"]}\n`.replace('\u001b', '\\e'),
    );
    const [verdict] = compileMatcher(rules).explain(hostile);
    const text = ruleLines(explainRule(verdict!, hostile)).join('\n');
    expect(text).toContain('(nearly: ');
    expect(text).not.toContain('\u001b');
  });

  it('costs little for an alert with very many fields', () => {
    const fields = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`f${n}`, n]));
    expect(misses('{output_fields: [F49999=1]}', eventOf({ fields: JSON.stringify(fields) }))).toEqual([]);
  });
});
