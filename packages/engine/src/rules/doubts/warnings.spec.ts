import { describe, expect, it } from 'vitest';
import { load } from '../testing-registry.ts';

const LOG = '{action: a, actionner: kubernetes:log}';
const KILL = '{action: kill, actionner: kubernetes:terminate}';
const rule = (name: string, match: string, more = '', actions = LOG) =>
  `- rule: ${name}\n  match: ${match}\n  actions: [${actions}]\n${more}`;
const stop = (name: string, match: string) => rule(name, match, '  continue: false\n');

/** `line: message` of each warning; there must be no error. */
function warningsOf(...texts: readonly string[]): string[] {
  const { problems } = load(...texts);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return problems.map(({ line, message }) => `${line}: ${message}`);
}

const taken = (line: number, by: string) =>
  `${line}: this rule is never tried: ${by} matches every alert it would, and has continue: false`;

describe('a rule that is never tried', () => {
  it.each<[string, string]>([
    ['{rules: [x]}', '{rules: [x]}'],
    ['{rules: [x, y]}', '{rules: [y]}'],
    ['{rules: [x]}', '{rules: [x], priority: Error, tags: [t]}'],
    ['{rules: [x]}', '{condition: rule = x and a.b = c}'],
    ['{condition: "rule in (x, y)"}', '{rules: [y]}'],
    ['{priority: ">=Notice"}', '{priority: ">Warning"}'],
    ['{priority: ">=Notice"}', '{priority: Alert, rules: [x]}'],
    ['{source: k8s_audit}', '{source: k8saudit, rules: [x]}'],
    ['{tags: [a, "b, c"]}', '{tags: ["b, c, d", "e, a"]}'],
    ['{output_fields: ["a=1"]}', '{output_fields: ["b=2, a=1"]}'],
    ['{condition: a.b = c}', '{condition: a.b = c and d.e = f}'],
    ['{condition: a.b = c and d.e = f}', '{condition: x.y = z and (d.e = f and a.b = c)}'],
    ['{condition: in_prod}', '{condition: in_prod and a.b = c}'],
  ])('after %s: %s', (first, second) => {
    const macro = '- macro: in_prod\n  condition: k8s.ns.name startswith prod-\n';
    expect(warningsOf(macro + stop('A', first) + rule('B', second, '', KILL))).toContain(taken(7, '"A" (1.yaml:3)'));
    // The other way round, and without the stop, it has alerts of its own.
    expect(warningsOf(macro + rule('A', first) + rule('B', second)).join()).not.toContain('never tried');
  });

  it.each<[string, string]>([
    ['{rules: [x]}', '{rules: [x, y]}'],
    ['{rules: [x], priority: Error}', '{rules: [x]}'],
    ['{rules: [x], priority: ">=Error"}', '{rules: [x], priority: ">=Notice"}'],
    ['{source: syscall}', '{source: k8s_audit}'],
    ['{tags: ["a, b"]}', '{tags: ["a, b", "a"]}'],
    ['{output_fields: ["a=1, b!=2"]}', '{output_fields: ["a=1, b=3"]}'],
    ['{condition: a.b = c}', '{condition: a.b = c or d.e = f}'],
    ['{condition: rule = x or a.b = c}', '{rules: [y]}'],
    ['{condition: rule = x and a.b = c}', '{rules: [x]}'],
  ])('is not one that has alerts of its own: after %s: %s', (first, second) => {
    expect(warningsOf(stop('A', first) + rule('B', second)).join()).not.toContain('never tried');
  });

  it('may be taken by several, one for each of its names', () => {
    const text = stop('A', '{rules: [x]}') + stop('B', '{rules: [y]}') + rule('C', '{rules: [x, y]}');
    expect(warningsOf(text)).toEqual([
      '9: this rule is never tried: "A" (1.yaml:1) and "B" (1.yaml:5) match every alert it would, and have continue: false',
    ]);
    expect(warningsOf(text.replace('[y]', '[z]'))).toEqual([]);
  });

  it('is told once for all that come after a rule for every event', () => {
    expect(warningsOf(stop('A', 'all') + rule('B', '{rules: [x]}') + rule('C', '{rules: [x]}'))).toEqual([
      '1: no rule after this one is ever tried, as it matches every event and has continue: false (first: "B")',
    ]);
  });
});

describe('two rules', () => {
  it.each([
    ['{rules: [x, y], tags: ["a, b", c]}', '{tags: [c, "b, a"], rules: [y, x]}'],
    ['{output_fields: ["a=1, b=\'2\'"], priority: "=Error"}', '{priority: error, output_fields: ["b=2, a=1"]}'],
    ['{condition: (a.b = c) and d.e in (f)}', '{condition: d.e in ("f") and a.b == c}'],
  ])('with equal match: %s and %s', (first, second) => {
    expect(warningsOf(rule('A', first) + rule('B', second))).toEqual([
      '5: this rule matches the same alerts as "A" (1.yaml:1); one rule may have the actions of both',
    ]);
  });

  it('in two files are stages of one response, unless both do the same', () => {
    const [first, second] = [rule('A', '{rules: [x]}'), rule('B', '{rules: [x]}')];
    expect(warningsOf(first, rule('B', '{rules: [x]}', '', KILL))).toEqual([]);
    expect(warningsOf(first, second)).toEqual([
      '2: this rule matches the same alerts as "A" (1.yaml:1); one rule may have the actions of both',
    ]);
  });

  it('with different ones are fine', () => {
    expect(warningsOf(rule('A', '{rules: [x]}') + rule('B', '{rules: [x], source: syscall}'))).toEqual([]);
  });
});

describe('a rule that can never match', () => {
  it.each([
    ['{priority: <Debug}', 'no priority is less severe than Debug'],
    ['{priority: ">Emergency"}', 'no priority is more severe than Emergency'],
    ['{output_fields: ["a=1, a=2"]}', 'its output_fields ask for two values of a at once'],
    ['{output_fields: ["a=1, b=2, a!=1"]}', 'its output_fields ask for two values of a at once'],
    ['{condition: a.b = x and c.d = y and a.b = z}', 'its condition asks for two values of a.b at once'],
    ['{condition: "a.b in (x, y) and a.b = z"}', 'its condition asks for two values of a.b at once'],
    ['{condition: m and not m}', 'its condition asks for something and its opposite at once'],
    ['{condition: m and a.b = y}', 'its condition asks for two values of a.b at once'],
    ['{source: syscall, condition: source = k8s_audit}', 'its condition asks for two values of source at once'],
  ])('%s', (match, reason) => {
    const macro = '- macro: m\n  condition: a.b = x\n';
    expect(warningsOf(macro + rule('A', match))).toContain(`4: this rule never matches: ${reason}`);
  });

  it.each([
    '{output_fields: ["a=1", "a=2"]}',
    '{output_fields: ["a!=1, a!=2"]}',
    '{condition: a.b = 1 and a.b = 1.0}',
    '{condition: a.b != x and a.b != y}',
    '{condition: a.b = x or a.b = y}',
    '{condition: tags intersects (x) and tags intersects (y)}',
    '{condition: basename(a.b) = x and a.b = y}',
    '{source: syscalls, condition: source = syscall}',
  ])('is not %s', (match) => {
    expect(warningsOf(rule('A', match))).toEqual([]);
  });

  it('is told of a single item of output_fields, too', () => {
    expect(warningsOf(rule('A', '{output_fields: ["a=1, a=2", b=1]}'))).toEqual([
      '2: "a=1, a=2" under output_fields never holds: it asks for two values of a at once',
    ]);
  });
});

describe('output_fields that leave nothing out', () => {
  it.each([
    [
      '{output_fields: [k8s.ns.name!=a, k8s.ns.name!=b]}',
      '"k8s.ns.name!=a" or "k8s.ns.name!=b" holds for every alert; to leave both out, write one item: "k8s.ns.name!=a, k8s.ns.name!=b"',
    ],
    ['{output_fields: ["x=1, y=2", a=1, a!=1]}', '"a!=1" or "a=1" holds for every alert'],
  ])('are told: %s', (match, why) => {
    expect(warningsOf(rule('A', match))).toEqual([`2: output_fields leave nothing out: ${why}`]);
  });

  it.each([
    '{output_fields: ["a!=1, a!=2"]}',
    '{output_fields: [a!=1, a!=1]}',
    '{output_fields: [a!=1, b!=2]}',
    '{output_fields: [a!=1, a=2]}',
    '{output_fields: ["a!=1, c=1", "a!=2, c=1"]}',
  ])('are not %s', (match) => {
    expect(warningsOf(rule('A', match))).toEqual([]);
  });
});

describe('an action', () => {
  it.each([
    [KILL, '"kill" before it ends the rule, as kubernetes:terminate does by default'],
    ['{action: stop, actionner: kubernetes:log, continue: false}', '"stop" before it has continue: false'],
  ])('behind one that ends the chain: %s', (first, why) => {
    expect(warningsOf(rule('A', '{rules: [x]}', '', `${LOG}, ${first},\n    ${LOG.replace('a,', 'b,')}`))).toEqual([
      `4: this action never runs: ${why}; put it first, or write continue: true there`,
    ]);
  });

  it('behind one that goes on, or that may be wrong, is none', () => {
    expect(warningsOf(rule('A', '{rules: [x]}', '', `${KILL.replace('}', ', continue: true}')}, ${LOG}`))).toEqual([]);
    const { problems } = load(rule('A', '{rules: [x]}', '', `${KILL}, ${LOG}, {action: c, actionner: nothing}`));
    expect(problems).toHaveLength(1);
  });

  it('that no rule uses', () => {
    expect(warningsOf(`- action: s\n  actionner: kubernetes:log\n${rule('A', '{rules: [x]}')}`)).toEqual([
      '1: no rule uses this action; add - action: s to the actions of one',
    ]);
    expect(warningsOf(`- action: s\n  actionner: kubernetes:log\n${rule('A', 'all', '', '{action: s}')}`)).toEqual([]);
  });

  it.each(['{source: k8s_audit}', '{condition: source = k8s_audit and a.b = c}', '{condition: source in (k8saudit)}'])(
    'whose fields the alerts of %s never carry',
    (match) => {
      expect(warningsOf(rule('A', match, '', KILL))).toEqual([
        '3: kubernetes:terminate is made for alerts of the source syscall, but this rule matches those of k8s_audit, which do not carry what it needs: k8s.pod.name, k8s.ns.name',
      ]);
    },
  );

  it.each([
    '{condition: "source in (k8s_audit, syscall)"}',
    '{condition: not source = k8s_audit}',
    '{source: syscalls}',
  ])('is fine with %s', (match) => {
    expect(warningsOf(rule('A', match, '', KILL))).toEqual([]);
  });
});

describe('a block that was meant for another rule', () => {
  it('is told the nearest name', () => {
    const text = rule('Terminal shell', '{rules: [x]}');
    expect(warningsOf(text, '- rule: Terminal shel\n  match: {priority: Error}\n')).toEqual([
      '1: this rule has no actions, so it does nothing; did you mean the rule "Terminal shell", to add to it?',
    ]);
  });
});

describe('where a file cannot be read', () => {
  it('nothing is said that what it holds could answer', () => {
    const texts = [stop('A', '{rules: [x]}'), rule('A2', '{rules: [x]}'), '- rule: B\n', '- action: s\n'];
    const { problems } = load(...texts, '- rule: [');
    expect(problems.map(({ file }) => file)).toEqual(['5.yaml']);
  });
});
