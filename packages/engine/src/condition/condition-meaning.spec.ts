import { PRIORITIES, type FalcoEvent } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { compileMatcher } from '../match/matcher.ts';
import { eventOf } from '../match/testing-event.ts';
import type { Rule } from '../rules/rule.ts';
import { resolved } from './testing-condition.ts';

/** Does a rule with this condition match? Asked of `match`, and of `explain`, which tries every comparison. */
function holds(condition: string, event: FalcoEvent): boolean {
  const rule: Rule = {
    name: 'r',
    description: '',
    position: { file: '', line: 1, column: 1 },
    match: { rules: [], tags: [], outputFields: [], condition: resolved(condition) },
    actions: [],
    continue: true,
    dryRun: false,
    notifiers: [],
  };
  const matcher = compileMatcher({ version: '', rules: [rule] });
  const matched = matcher.match(event).length === 1;
  const [verdict] = matcher.explain(event);
  expect(verdict?.matched).toBe(matched);
  const [only, ...others] = verdict?.criteria[0]?.comparisons ?? [];
  const alone = others.length === 0 && !condition.startsWith('not');
  expect(alone ? only?.holds : matched).toBe(matched);
  return matched;
}

const EVERY_COMPARISON = [
  'f.f = x',
  'f.f != x',
  'f.f < 5',
  'f.f <= 5',
  'f.f > 5',
  'f.f >= 5',
  'f.f in (x)',
  'f.f in ()',
  'f.f intersects (x)',
  'f.f contains x',
  'f.f contains ""',
  'f.f icontains x',
  'f.f startswith ""',
  'f.f endswith ""',
  'f.f glob *',
  'f.f iglob *',
  'f.f regex ".*"',
  'f.f pmatch (/)',
  'f.f exists',
  'f.f != anyof (x)',
  'f.f != allof (x)',
  'f.f = oneof (x)',
  'f.f = val(g.g)',
  'f.f != val(g.g)',
  'g.g != val(f.f)',
  'f.f contains val(g.g)',
  'tolower(f.f) != x',
  'len(f.f) >= 0',
  'basename(f.f) != x',
];

describe('a field that is absent or null', () => {
  it.each(EVERY_COMPARISON)('makes the comparison false: %s', (condition) => {
    for (const fields of ['{"g.g":"y"}', '{"g.g":"y","f.f":null}', '{"g.g":"y","f.f":[]}']) {
      expect(holds(condition, eventOf({ fields }))).toBe(false);
      expect(holds(`not ${condition}`, eventOf({ fields }))).toBe(true);
    }
  });

  it('is so among the own keys of an alert', () => {
    const event = eventOf({ priority: 'Severe', output: '', hostname: '', tags: [] });
    for (const condition of [
      'hostname != x',
      'output != x',
      'output exists',
      'tags exists',
      'tags in (a)',
      'len(tags) >= 0',
      'priority != Debug',
      'priority >= Debug',
      'priority exists',
    ]) {
      expect(holds(condition, event)).toBe(false);
    }
    expect(holds('rule exists and source exists', event)).toBe(true);
  });
});

describe('texts', () => {
  it.each<[string, string, boolean]>([
    ['f.f = bash', 'bash', true],
    ['f.f = bash', 'Bash', false],
    ['f.f = bash', 'bash ', false],
    ['f.f != bash', 'sh', true],
    ['f.f != bash', 'bash', false],
    ['f.f = ""', '', true],
    ['f.f = "<NA>"', '<NA>', true],
    ['f.f = 10', '10', true],
    ['f.f = 10', '10.0', false],
    ['f.f in (sh, bash)', 'bash', true],
    ['f.f in (sh, bash)', 'zsh', false],
    ['f.f intersects (sh, bash)', 'bash', true],
    ['f.f contains as', 'bash', true],
    ['f.f contains AS', 'bash', false],
    ['f.f icontains AS', 'bAsh', true],
    // no other letter counts as one of A to Z: here the Kelvin sign
    ['f.f icontains k', '\u212a', false],
    ['f.f startswith /etc/', '/etc/passwd', true],
    ['f.f startswith /etc/', 'x/etc/', false],
    ['f.f endswith .log', 'a.log', true],
    ['f.f endswith .log', 'a.logx', false],
    ['f.f contains "*"', 'a', false],
    // paths, part by part
    ['f.f pmatch (/etc, /usr/lib)', '/etc/passwd', true],
    ['f.f pmatch (/etc, /usr/lib)', '/etc', true],
    ['f.f pmatch (/etc/, /usr/lib)', '//etc//x', true],
    ['f.f pmatch (/etc, /usr/lib)', '/etc2/x', false],
    ['f.f pmatch (/etc, /usr/lib)', '/usr', false],
    ['f.f pmatch (/usr/*/x, /a)', '/usr/lib/x/y', true],
    ['f.f pmatch (/usr/*/x)', '/usr/lib/y/x', false],
    ['f.f pmatch (/opt/di[!r])', '/opt/dir', false],
    ['f.f pmatch (/)', 'x', true],
    ['f.f pmatch ()', '/', false],
    // without quotes, quotes, escapes
    [String.raw`f.f = "a\tb\\c\x41\/"`, 'a\tb\\cA/', true],
    [String.raw`f.f = "\xc3\xa9"`, 'é', true],
    ['f.f = \'say "x"\'', 'say "x"', true],
    // several values
    ['f.f startswith anyof (/etc, /usr)', '/usr/bin', true],
    ['f.f startswith anyof (/etc, /usr)', '/var', false],
    ['f.f contains allof (a, b)', 'xbxa', true],
    ['f.f contains allof (a, b)', 'xa', false],
    ['f.f contains oneof (a, b)', 'xa', true],
    ['f.f contains oneof (a, b)', 'ab', false],
    ['f.f contains allof ()', 'a', false],
    ['f.f contains anyof ()', 'a', false],
    ['f.f != allof (a, b)', 'c', true],
    ['f.f != allof (a, b)', 'a', false],
    // order: numbers by their worth, else by characters
    ['f.f > 1000', '999', false],
    ['f.f > 999', '1000', true],
    ['f.f > 5', 'bash', true],
    // transformers
    ['tolower(f.f) = bash', 'BaSh', true],
    ['toupper(f.f) = BASH', 'BaSh', true],
    ['basename(f.f) = sh', '/bin/sh', true],
    ['basename(f.f) = sh', 'sh', true],
    ['basename(f.f) = ""', '/bin/', true],
    ['b64(f.f) contains passwd', 'Y2F0IC9ldGMvcGFzc3dk', true],
    ['b64(f.f) exists', 'not base64!', false],
    ['len(f.f) = 2', 'é', true],
    ['len(f.f) in (1, 2.0)', 'ab', true],
    ['tolower(basename(f.f)) startswith sh', '/bin/SHELL', true],
    // another field
    ['f.f = val(g.g)', 'y', true],
    ['f.f != val(g.g)', 'y', false],
    ['f.f startswith val(g.g)', 'yes', true],
    ['f.f in val(g.g)', 'y', true],
    ['f.f = tolower(h.h)', 'z', true],
  ])('%s, for %j', (condition, value, expected) => {
    const fields = JSON.stringify({ 'f.f': value, 'g.g': 'y', 'h.h': 'Z' });
    expect(holds(condition, eventOf({ fields }))).toBe(expected);
  });
});

describe('numbers, booleans, lists and objects', () => {
  it.each<[string, string, boolean]>([
    ['f.f = 443', '443', true],
    ['f.f = 443.0', '443', true],
    ['f.f = 0x1bb', '443', true],
    ['f.f = 4430e-1', '443', true],
    ['f.f != 443', '444', true],
    ['f.f != https', '443', true],
    ['f.f = https', '443', false],
    ['f.f in (80, 443)', '443', true],
    ['f.f in (80, 443.0)', '443', true],
    ['f.f intersects (443)', '443', true],
    ['f.f > 1000', '999', false],
    ['f.f > -5', '-4', true],
    ['f.f < 0.5', '0.25', true],
    ['f.f <= 0.1', '0.10', true],
    ['f.f = 0.1', '0.10', true],
    ['f.f >= 1e3', '1000', true],
    // every digit
    ['f.f = 1731945600482812345', '1731945600482812345', true],
    ['f.f = 1731945600482812345', '1731945600482812346', false],
    ['f.f > 1731945600482812345', '1731945600482812346', true],
    ['f.f > 1731945600482812345', '1731945600482812345', false],
    ['f.f < 9007199254740993', '9007199254740992', true],
    ['f.f < 1e400', '1e309', true],
    ['f.f startswith 44', '443', true],
    ['f.f regex "4+3"', '443', true],
    ['len(f.f) exists', '443', false],
    ['tolower(f.f) = 443', '443', true],
    // booleans
    ['f.f = true', 'true', true],
    ['f.f != true', 'false', true],
    ['f.f > 0', 'true', true],
    // lists
    ['f.f in (a, b, c)', '["a","b"]', true],
    ['f.f in (a)', '["a","b"]', false],
    ['f.f intersects (b, x)', '["a","b"]', true],
    ['f.f intersects (x)', '["a","b"]', false],
    ['f.f intersects (80)', '[80,443]', true],
    ['f.f exists', '["a"]', true],
    ['len(f.f) = 2', '["a","b"]', true],
    ['tolower(f.f) intersects (a)', '["A"]', true],
    ['f.f = a', '["a"]', false],
    ['f.f != a', '["b"]', false],
    ['f.f contains a', '["a"]', false],
    ['f.f > 0', '[5]', false],
    // objects, by their JSON
    ['f.f contains \'"a":1\'', '{"a":1}', true],
    ['f.f exists', '{}', true],
  ])('%s, for %s', (condition, value, expected) => {
    expect(holds(condition, eventOf({ fields: `{"f.f":${value}}` }))).toBe(expected);
  });

  it('compares two fields by what they are', () => {
    const event = eventOf({ fields: '{"a.a":["x","y"],"b.b":["x"],"n.n":10,"m.m":10.0,"t.t":"10"}' });
    expect(holds('b.b in val(a.a)', event)).toBe(true);
    expect(holds('a.a in val(b.b)', event)).toBe(false);
    expect(holds('a.a intersects val(b.b)', event)).toBe(true);
    expect(holds('a.a = val(b.b)', event)).toBe(false);
    expect(holds('n.n = val(a.a)', event)).toBe(false);
    expect(holds('n.n = val(m.m) and n.n <= val(m.m)', event)).toBe(true);
    expect(holds('t.t = val(n.n)', event)).toBe(true);
    expect(holds('n.n < val(m.m)', event)).toBe(false);
  });
});

describe('the own keys of an alert', () => {
  const event = eventOf({
    rule: 'Shell',
    source: 'k8saudit',
    hostname: 'node-1',
    output: '10:00:00.000000000: Notice A shell was spawned',
    tags: ['a', 'b'],
    fields: '{"rule":"other","priority":"Debug"}',
  });

  it.each([
    ['rule = Shell', true],
    ['rule in (Shell, Other)', true],
    ['rule startswith She', true],
    ['rule = other', false],
    ['output_fields[rule] = other', true],
    ['source = k8s_audit', true],
    ['source = k8saudit', true],
    ['source in (k8saudit)', true],
    ['source != k8saudit', false],
    ['hostname glob "node-*"', true],
    ['output startswith "A shell"', true],
    ['tags intersects (b, c)', true],
    ['tags in (a, b, c)', true],
    ['tags in (a)', false],
    ['len(tags) = 2', true],
    ['toupper(tags) intersects (A)', true],
    ['rule = val(hostname)', false],
  ])('%s', (condition, expected) => {
    expect(holds(condition, event)).toBe(expected);
  });

  it.each([
    ['priority = Warning', ['Warning']],
    ['priority == "warning"', ['Warning']],
    ['priority != Warning', PRIORITIES.filter((priority) => priority !== 'Warning')],
    ['priority >= Error', ['Emergency', 'Alert', 'Critical', 'Error']],
    ['priority > Error', ['Emergency', 'Alert', 'Critical']],
    ['priority < notice', ['Informational', 'Debug']],
    ['priority <= Info', ['Informational', 'Debug']],
    ['priority in (Error, Debug)', ['Error', 'Debug']],
    ['priority in ()', []],
    ['priority != allof (Error, Debug)', PRIORITIES.filter((one) => one !== 'Error' && one !== 'Debug')],
    ['priority = anyof (Error, Debug)', ['Error', 'Debug']],
    ['priority exists', [...PRIORITIES]],
  ])('%s', (condition, accepted) => {
    expect(PRIORITIES.filter((priority) => holds(condition, eventOf({ priority })))).toEqual(accepted);
  });
});

describe('and, or, not', () => {
  it('mean what they say, whatever stands in what order', () => {
    const values = [false, true];
    for (const a of values) {
      for (const b of values) {
        for (const c of values) {
          const event = eventOf({ fields: JSON.stringify({ 'a.a': a, 'b.b': b, 'c.c': c }) });
          const [A, B, C] = ['a.a = true', 'b.b = true', 'c.c regex "t.*"'];
          expect(holds(`${A} or ${B} and ${C}`, event)).toBe(a || (b && c));
          expect(holds(`(${A} or ${B}) and ${C}`, event)).toBe((a || b) && c);
          expect(holds(`not ${A} and ${B} or ${C}`, event)).toBe((!a && b) || c);
          expect(holds(`not (${A} and ${B} or ${C})`, event)).toBe(!((a && b) || c));
          expect(holds(`${C} and not not ${B}`, event)).toBe(c && b);
        }
      }
    }
  });
});
