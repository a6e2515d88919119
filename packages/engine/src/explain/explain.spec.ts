import { describe, expect, it } from 'vitest';
import { compileMatcher } from '../match/matcher.ts';
import { eventOf } from '../match/testing-event.ts';
import { rulesOf, testingRegistry } from '../rules/testing-registry.ts';
import { explainEvent } from './explain.ts';
import { explanationText } from './explain-text.ts';

const RULES = `
- rule: Shell
  match: {rules: [Terminal shell in container], priority: ">=Notice", output_fields: [k8s.ns.name!=kube-system]}
  actions:
    - action: Keep the log
      actionner: kubernetes:log
      contexts: [k8snode]
      output: {target: aws:s3, parameters: {bucket: evidence}}
      ignore_errors: true
    - {action: Kill, actionner: kubernetes:terminate}
  continue: false
- rule: Later
  match: all
  continue: false
`;
const OPTIONS = { observe: true, defaultNotifiers: ['slack'], ruleSetVersion: 'v' };
const explain = (event: Parameters<typeof explainEvent>[0], rules = RULES) =>
  explainEvent(event, { matcher: compileMatcher(rulesOf(rules)), registry: testingRegistry, options: OPTIONS });
const EVENT = eventOf({
  output: 'A shell was spawned',
  hostname: 'node-1',
  time: '2026-01-01T00:00:00Z',
  tags: ['shell'],
  fields:
    '{"k8s.pod.name":"cart","k8s.ns.name":"shop","evt.time":1731945600482812345,"proc.name":null,"__proto__":{"x":1}}',
});

describe('explaining an event', () => {
  it('gives the documented JSON, with every digit, key and null', () => {
    const json = JSON.stringify(explain(EVENT), null, 1);
    expect(json).toContain('"evt.time": 1731945600482812345');
    expect(json).toContain('"__proto__": {');
    expect(JSON.parse(json)).toEqual({
      event: {
        rule: 'Terminal shell in container',
        priority: 'Notice',
        source: 'syscall',
        hostname: 'node-1',
        output: 'A shell was spawned',
        time: '2026-01-01T00:00:00Z',
        tags: ['shell'],
        output_fields: JSON.parse(
          '{"k8s.pod.name":"cart","k8s.ns.name":"shop","evt.time":1731945600482812345,"proc.name":null,"__proto__":{"x":1}}',
        ),
      },
      rules: [
        {
          rule: 'Shell',
          evaluated: true,
          matched: true,
          criteria: [
            {
              criterion: 'rules',
              expected: ['Terminal shell in container'],
              actual: 'Terminal shell in container',
              holds: true,
            },
            { criterion: 'priority', expected: '>=Notice', actual: 'Notice', holds: true },
            {
              criterion: 'output_fields',
              expected: ['k8s.ns.name!=kube-system'],
              actual: { 'k8s.ns.name': 'shop' },
              holds: true,
            },
          ],
        },
        { rule: 'Later', evaluated: false, matched: false, criteria: [] },
      ],
      plan: [
        {
          rule: 'Shell',
          action: 'Keep the log',
          actionner: 'kubernetes:log',
          parameters: { tail_lines: 20 },
          contexts: ['k8snode'],
          output: { target: 'aws:s3', parameters: { bucket: 'evidence', prefix: '' } },
          notifiers: ['slack'],
          continue: true,
          ignore_errors: true,
          dry_run: true,
          target: null,
          tokens: {},
          missing_fields: [],
          failure: null,
          refusal: null,
        },
        {
          rule: 'Shell',
          action: 'Kill',
          actionner: 'kubernetes:terminate',
          parameters: { ignore_daemonsets: false },
          contexts: [],
          output: null,
          notifiers: ['slack'],
          continue: false,
          ignore_errors: false,
          dry_run: true,
          target: null,
          tokens: {},
          missing_fields: [],
          failure: null,
          refusal: null,
        },
      ],
      permissions: [],
    });
  });

  it.each([
    '{"evt.time":1748557198960296886,"falco.evts_rate_sec":1846.4,"falco.host_boot_ts":1748555738000000000}',
    '{"container.image.repository":null,"proc.tty":34817,"user.loginuid":-1,"rate":0.0,"big":1e309}',
    '{"gcp.user ":"x","json.value[/protoPayload/request/@type]":"t","ka.uri.param[command]":"sh"}',
    '{"ebpf/enabled":"1","n drops/buffer?clone{fork]enter":"0","empty":"","nested":{"a":[1,null,{"b":12345678901234567890}]}}',
    '{"proc.cmdline":"sh -c \\"\\u001b[31m\\" \\ud800","constructor":1,"__proto__":{"polluted":true}}',
  ])('loses nothing of %s', (fields) => {
    expect(JSON.stringify(explain(eventOf({ fields })).event.output_fields)).toBe(fields);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keeps an unknown priority as it was sent', () => {
    expect(explain(eventOf({ priority: 'Severe' })).event.priority).toBe('Severe');
  });

  it('is readable in a terminal', () => {
    expect(explanationText(explain(EVENT))).toBe(`Alert "Terminal shell in container" (Notice, syscall, node-1)
  A shell was spawned

Rules
  ✓ Shell
      ✓ rules: Terminal shell in container; the alert has "Terminal shell in container"
      ✓ priority: >=Notice; the alert has "Notice"
      ✓ output_fields: k8s.ns.name!=kube-system; the alert has k8s.ns.name "shop"
  - Later: not tried, an earlier rule matched and has continue: false

Plan
  1. Keep the log (kubernetes:log) of Shell: dry run, errors are ignored
       parameters: {"tail_lines":20}
       contexts: k8snode
       output: aws:s3 {"bucket":"evidence","prefix":""}
       notifiers: slack
  2. Kill (kubernetes:terminate) of Shell: dry run, the rule's later actions do not run
       parameters: {"ignore_daemonsets":false}
       notifiers: slack
`);
  });

  it('shows what each comparison of a condition finds, also those that did not decide', () => {
    const rules = `
- macro: remote
  condition: fd.rport in (4444, 1337) or not fd.rip startswith 10.
- rule: r
  continue: false
  match:
    condition: proc.name = bash and remote and (tags intersects (t) or priority < Error or proc.name = bash)
`;
    const fields = '{"proc.name":"bash","fd.rport":4444,"fd.rip":null}';
    const explanation = explain(eventOf({ rule: 'X', priority: 'Severe', tags: ['t', 'u'], fields }), rules);
    expect(JSON.parse(JSON.stringify(explanation.rules[0]?.criteria))).toEqual([
      {
        criterion: 'condition',
        expected:
          'proc.name = bash and (fd.rport in (4444, 1337) or not fd.rip startswith 10.) and (tags intersects (t) or priority < Error or proc.name = bash)',
        actual: { 'proc.name': 'bash', 'fd.rport': '4444', 'fd.rip': null, tags: ['t', 'u'], priority: 'Severe' },
        holds: true,
        comparisons: [
          { comparison: 'proc.name = bash', actual: 'bash', holds: true },
          { comparison: 'fd.rport in (4444, 1337)', macros: ['remote'], actual: '4444', holds: true },
          { comparison: 'fd.rip startswith 10.', macros: ['remote'], actual: null, holds: false },
          { comparison: 'tags intersects (t)', actual: ['t', 'u'], holds: true },
          { comparison: 'priority < Error', actual: 'Severe', holds: false },
        ],
      },
    ]);
    expect(explanationText(explanation)).toContain(`
      ✓ condition: proc.name = bash and (fd.rport in (4444, 1337) or not fd.rip startswith 10.) and (tags intersects (t) or priority < Error or proc.name = bash)
          ✓ proc.name = bash; the alert has "bash"
          ✓ remote: fd.rport in (4444, 1337); the alert has "4444"
          ✗ remote: fd.rip startswith 10.; the alert has none
          ✓ tags intersects (t); the alert has "t", "u"
          ✗ priority < Error; the alert has "Severe"
`);
  });

  it('shows the first comparisons of a condition with very many', () => {
    const condition = Array.from({ length: 100 }, (_, n) => `f.f = ${n}`).join(' or ');
    const text = explanationText(
      explain(eventOf(), `- rule: r\n  continue: false\n  match: {condition: ${condition}}\n`),
    );
    expect(text).toContain('          ✗ f.f = 39; the alert has none\n          … and 60 more comparisons\n');
    expect(text).toMatch(/condition: f\.f = 0 or .*…\n/);
    expect(text.split('\n').every((line) => line.length < 1100)).toBe(true);
  });

  it('says what an event lacks, and that nothing is done', () => {
    const rules = '- rule: r\n  match: {tags: ["a, b", c], output_fields: [x=1], priority: Error}\n  continue: false\n';
    expect(explanationText(explain(eventOf({ rule: 'X', priority: '' }), rules))).toBe(`Alert "X" (no priority, syscall)

Rules
  ✗ r
      ✗ priority: Error; the alert has none
      ✗ tags: a, b or c; the alert has none
      ✗ output_fields: x=1; the alert has x absent or null

Plan
  nothing is done
`);
    expect(explanationText(explain(eventOf(), ''))).toContain('Rules\n  none\n');
    expect(explanationText(explain(eventOf(), '- rule: r\n  match: all\n  continue: false'))).toContain(
      '  ✓ r: matches every event\n',
    );
  });

  it('lets nothing in the alert steer the terminal or add lines', () => {
    const evil = '\u001b[2J\n  ✓ faked\u202e';
    const event = eventOf({
      rule: evil,
      output: evil,
      hostname: evil,
      priority: evil,
      tags: [evil],
      fields: JSON.stringify({ f: evil + 'x'.repeat(1000) }),
    });
    const text = explanationText(
      explain(
        event,
        '- rule: r\n  match: {rules: [x], priority: Error, tags: [t], output_fields: [f=1], condition: "output_fields[f] = 1"}\n  continue: false',
      ),
    );
    expect(text.split('\n')).toHaveLength(15);
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u202e');
    expect(text.length).toBeLessThan(2000);
  });
});
