import { PRIORITIES, type FalcoEvent } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { rulesOf } from '../rules/testing-registry.ts';
import { compileMatcher } from './matcher.ts';
import { eventOf } from './testing-event.ts';

/** Does an event match a rule with these criteria? Asked of `match` and of `explain`. */
function matches(criteria: string, event: FalcoEvent): boolean {
  const matcher = compileMatcher(rulesOf(`- rule: r\n  match: ${criteria}\n  continue: false\n`));
  const matched = matcher.match(event).length === 1;
  expect(matcher.explain(event)[0]?.matched).toBe(matched);
  return matched;
}

describe('the rules a match names', () => {
  it.each([
    ['Terminal shell in container', true],
    ['terminal shell in container', false],
    ['Terminal shell', false],
    ['Other', true],
    ['__proto__', false],
  ])('are exact, any of them: %s', (rule, expected) => {
    expect(matches('{rules: [Terminal shell in container, Other]}', eventOf({ rule }))).toBe(expected);
  });
});

describe('the priority', () => {
  it.each([
    ['>=Notice', ['Emergency', 'Alert', 'Critical', 'Error', 'Warning', 'Notice']],
    ['>Notice', ['Emergency', 'Alert', 'Critical', 'Error', 'Warning']],
    ['<Notice', ['Informational', 'Debug']],
    ['<=notice', ['Notice', 'Informational', 'Debug']],
    ['Notice', ['Notice']],
    ['=NOTICE', ['Notice']],
    ['Info', ['Informational']],
    ['<Debug', []],
    ['>Emergency', []],
    ['>=Debug', [...PRIORITIES]],
  ])('%s', (criterion, accepted) => {
    const found = PRIORITIES.filter((priority) => matches(`{priority: "${criterion}"}`, eventOf({ priority })));
    expect(found).toEqual(accepted);
  });

  it.each(['WARNING', 'warning', 'Warning'])('of the event may be written %s', (priority) => {
    expect(matches('{priority: Warning}', eventOf({ priority }))).toBe(true);
  });

  it.each(['<Debug', '<=Emergency', '>=Debug', 'Debug', '<Emergency', '>Debug'])(
    'unknown in the event satisfies no criterion: %s',
    (criterion) => {
      for (const priority of ['', 'Severe', '5']) {
        expect(matches(`{priority: "${criterion}"}`, eventOf({ priority }))).toBe(false);
      }
    },
  );
});

describe('the source', () => {
  it.each([
    ['syscall', 'syscalls', true],
    ['syscalls', 'syscall', true],
    ['syscall', '', true],
    ['k8s_audit', 'k8saudit', true],
    ['k8saudit', 'k8s_audit', true],
    ['syscall', 'k8s_audit', false],
    ['okta', 'okta', true],
  ])('%s for an alert from %j', (wanted, source, expected) => {
    expect(matches(`{source: ${wanted}}`, eventOf({ source }))).toBe(expected);
  });
});

describe('tags', () => {
  it.each<[string, string[], boolean]>([
    ['[a]', ['a'], true],
    ['[a]', ['b', 'a'], true],
    ['[a]', [], false],
    ['["a, b"]', ['a'], false],
    ['["a, b"]', ['b', 'x', 'a'], true],
    ['["a, b", c]', ['c'], true],
    ['["a,b", "c,d"]', ['a', 'd'], false],
    // a set, not a count
    ['["a, b"]', ['a', 'a'], false],
    ['[a]', ['a', 'a'], true],
    ['[T1562-impair-defenses]', ['T1562-impair-defenses'], true],
    ['[PCI_DSS_10.2.5]', ['PCI_DSS_10.2.5'], true],
    ['[a]', ['A'], false],
  ])('%s for %j', (wanted, tags, expected) => {
    expect(matches(`{tags: ${wanted}}`, eventOf({ tags }))).toBe(expected);
  });

  it('are found in a long list too', () => {
    const tags = Array.from({ length: 100 }, (_, n) => `t${n}`);
    expect(matches('{tags: ["t0, t99"]}', eventOf({ tags }))).toBe(true);
    expect(matches('{tags: ["t0, t100"]}', eventOf({ tags }))).toBe(false);
  });
});

describe('output fields', () => {
  it.each<[string, string, boolean]>([
    ['proc.name=bash', '{"proc.name":"bash"}', true],
    ['proc.name=bash', '{"proc.name":"Bash"}', false],
    ['proc.name=bash', '{}', false],
    ['proc.name=bash', '{"proc.name":null}', false],
    ['proc.name!=bash', '{"proc.name":"sh"}', true],
    ['proc.name!=bash', '{"proc.name":"bash"}', false],
    // `!=` holds for what is absent or null
    ['proc.name!=bash', '{}', true],
    ['proc.name!=bash', '{"proc.name":null}', true],
    ['proc.name!=""', '{}', true],
    ['proc.name=""', '{"proc.name":""}', true],
    ['proc.name=""', '{"proc.name":null}', false],
    ['proc.name=<nil>', '{"proc.name":null}', false],
    ['proc.name=null', '{"proc.name":null}', false],
    // the text of the value, digits kept
    ['user.uid=1000660000', '{"user.uid":1000660000}', true],
    ['user.uid=1000660000', '{"user.uid":"1000660000"}', true],
    ['user.loginuid=-1', '{"user.loginuid":-1}', true],
    ['evt.time=1731945600482812345', '{"evt.time":1731945600482812345}', true],
    ['evt.time=1731945600482812345', '{"evt.time":1731945600482812346}', false],
    ['rate=0.10', '{"rate":0.10}', true],
    ['rate=0.1', '{"rate":0.10}', false],
    ['flag=true', '{"flag":true}', true],
    ['list=["a"]', '{"list":["a"]}', true],
    // groups
    ['k8s.ns.name!=kube-system, proc.name=bash', '{"k8s.ns.name":"shop","proc.name":"bash"}', true],
    ['k8s.ns.name!=kube-system, proc.name=bash', '{"k8s.ns.name":"kube-system","proc.name":"bash"}', false],
    ['k8s.ns.name!=kube-system, proc.name=bash', '{"k8s.ns.name":"shop"}', false],
    // values and fields of every kind
    ['proc.cmdline="a=b, c"', '{"proc.cmdline":"a=b, c"}', true],
    ['proc.cmdline!=a=b', '{"proc.cmdline":"a=b"}', false],
    ['k8s.ns.label[a-b/c]=x', '{"k8s.ns.label[a-b/c]":"x"}', true],
    ['proc.aname[2]=sshd', '{"proc.aname[2]":"sshd"}', true],
    ['proc.is_exe_upper_layer=true', '{"proc.is_exe_upper_layer":true}', true],
    ['"gcp.user "=bob', '{"gcp.user ":"bob"}', true],
    ['__proto__=x', '{"__proto__":"x"}', true],
    ['toString!=x', '{}', true],
  ])('%s for %s', (criteria, fields, expected) => {
    expect(matches(`{output_fields: [${JSON.stringify(criteria)}]}`, eventOf({ fields }))).toBe(expected);
  });

  it('hold when any of the groups holds', () => {
    const wanted = '{output_fields: ["a=1, b=2", "c=3"]}';
    expect(matches(wanted, eventOf({ fields: '{"c":3}' }))).toBe(true);
    expect(matches(wanted, eventOf({ fields: '{"a":1,"b":2}' }))).toBe(true);
    expect(matches(wanted, eventOf({ fields: '{"a":1,"b":3}' }))).toBe(false);
  });
});

describe('a match', () => {
  it('needs all of its criteria', () => {
    const wanted = '{rules: [R], priority: Notice, source: syscall, tags: [t], output_fields: [f=1]}';
    const good = { rule: 'R', priority: 'Notice', source: 'syscall', tags: ['t'], fields: '{"f":1}' };
    expect(matches(wanted, eventOf(good))).toBe(true);
    const bad = { rule: 'S', priority: 'Debug', source: 'okta', tags: [], fields: '{"f":2}' };
    for (const key of Object.keys(bad) as (keyof typeof bad)[]) {
      expect(matches(wanted, eventOf({ ...good, [key]: bad[key] }))).toBe(false);
    }
  });

  it('without criteria takes every event', () => {
    expect(matches('all', eventOf({ rule: 'X', priority: '' }))).toBe(true);
  });
});
