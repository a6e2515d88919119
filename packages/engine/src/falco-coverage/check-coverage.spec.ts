import { describe, expect, it } from 'vitest';
import { cover, findingsOf, matching, placesOf } from './testing-coverage.ts';

describe('names of Falco rules', () => {
  it.each([
    ['{rules: [Shell, Shel]}', 'error unknown_rule Falco has no rule "Shel" in these files; did you mean "Shell"?'],
    [
      '{rules: [Something else entirely]}',
      'error unknown_rule Falco has no rule "Something else entirely" in these files',
    ],
    [
      `{condition: 'rule in (Shell, "Minr")'}`,
      'error unknown_rule Falco has no rule "Minr" in these files; did you mean "Miner"?',
    ],
    [
      '{rules: [Off]}',
      `error disabled_rule Falco's rule "Off" is disabled (falco.yaml:22), so it sends no alert; enable it, or take it out here`,
    ],
    [
      '{rules: [Shell, Off]}',
      `warning disabled_rule Falco's rule "Off" is disabled (falco.yaml:22), so it sends no alert; enable it, or take it out here`,
    ],
    ['{condition: not rule = Gone}', undefined],
    ['{rules: [Shell]}', undefined],
  ])('%s', (match, finding) => {
    expect(findingsOf(matching(match))).toEqual(finding === undefined ? [] : [finding]);
  });
});

describe('a finding points at', () => {
  const later = '- rule: R\n  actions: [{action: b, actionner: do:note}, {action: a, actionner: do:deny}]\n';
  const list = '- list: names\n  items: [Shel]\n';
  const more = `- rule: R\n  match:\n    rules:\n      - Gone\n    tags: [no, shell]\n`;
  it.each([
    ['the name', matching('{rules: [Shell, Shel]}'), ['Shel (R.match.rules[1])']],
    ['the name in a condition', matching('{condition: \'rule in (Shell, "Minr")\'}'), ['Minr")\' (R.match.condition)']],
    [
      'the condition when a list has the name',
      list + matching('{condition: rule in (names)}'),
      ['rule in (names) (R.match.condition)'],
    ],
    [
      'the block that says it',
      matching('{rules: [Shell]}') + more,
      ['Gone (R.match.rules[0])', 'no (R.match.tags[0])'],
    ],
    ['the criterion', matching('{rules: [Shell], priority: Debug}'), ['Debug (R.match.priority)']],
    [
      'the item',
      matching('{rules: [Shell], output_fields: [evt.time=1, a.b=c]}'),
      ['a.b=c (R.match.output_fields[1])'],
    ],
    ['the action', matching('{rules: [Shell]}', 'deny'), ['a (R.actions[0].action)']],
    ['the block that says the action last', matching('{rules: [Shell]}') + later, ['a (R.actions[1].action)']],
  ])('%s', (_, text, places) => {
    expect(placesOf(text)).toEqual(places);
  });
});

describe('criteria', () => {
  it.each([
    // Nobody is named: it is enough that one rule of Falco fits.
    ['{priority: ">=Critical"}', undefined],
    ['{priority: Emergency}', 'error priority priority "Emergency" never holds: no enabled rule of Falco has that'],
    ['{priority: Error}', 'error priority priority "Error" never holds: no enabled rule of Falco has that'],
    [
      '{source: github}',
      'error source source "github" never holds: no enabled rule of Falco has that (sources: k8s_audit, okta, syscall)',
    ],
    ['{source: k8saudit}', undefined],
    [
      '{tags: [minin]}',
      'error tags tags "minin" never holds: no enabled rule of Falco has that; there is no tag minin, did you mean mining?',
    ],
    ['{tags: ["container, k8s"]}', 'error tags tags "container, k8s" never holds: no enabled rule of Falco has that'],
    [
      '{tags: [mining], priority: Notice}',
      'error tags tags "mining" never holds: no enabled rule of Falco that is left by the other criteria has that',
    ],
    // These are named.
    [
      '{rules: [Shell, Miner], priority: ">=Critical"}',
      'warning priority priority ">=Critical" never holds for "Shell" (Notice)',
    ],
    ['{rules: [Shell], priority: Critical}', 'error priority priority "Critical" never holds for "Shell" (Notice)'],
    [
      '{rules: [Shell], source: k8s_audit}',
      'error source source "k8s_audit" never holds for "Shell" (syscall) (sources: k8s_audit, okta, syscall)',
    ],
    ['{rules: [Login], tags: [shell]}', 'error tags tags "shell" never holds for "Login" (no tags)'],
    [
      '{rules: [Shell], tags: [shell, minin]}',
      'warning tags "minin" never holds for "Shell" (container, shell, T1059); there is no tag minin, did you mean mining?',
    ],
    // Fields.
    ['{rules: [Shell], output_fields: [proc.name=sh]}', undefined],
    ['{rules: [Shell], output_fields: [k8s.ns.name=a]}', undefined],
    ['{rules: [Shell], output_fields: [evt.time=1]}', undefined],
    [
      '{rules: [Shell], output_fields: [fd.rip=::1]}',
      'error output_fields output_fields "fd.rip=::1" never holds for "Shell", whose alerts never carry fd.rip',
    ],
    [
      '{rules: [Shell], output_fields: [proc.nam=sh]}',
      'error output_fields output_fields "proc.nam=sh" never holds for "Shell", whose alerts never carry proc.nam (did you mean proc.name?)',
    ],
    [
      '{rules: [Shell], output_fields: [proc.name=sh, fd.rip=::1]}',
      'warning output_fields "fd.rip=::1" never holds for "Shell", whose alerts never carry fd.rip',
    ],
    [
      '{rules: [Login], output_fields: ["k8s.ns.name!=kube-system"]}',
      'warning output_fields this always holds for "Login", whose alerts never carry k8s.ns.name',
    ],
    ['{output_fields: ["k8s.ns.name!=kube-system"]}', undefined],
    [
      '{output_fields: ["k8s.ns.nme!=kube-system"]}',
      `warning output_fields this always holds for "Shell", "Miner", "Exec" and "Login", whose alerts never carry k8s.ns.nme (did you mean k8s.ns.name?)`,
    ],
    // Conditions.
    [
      '{condition: rule = Shell and priority >= Critical}',
      'error condition condition "rule = Shell and priority >= Critical" never holds for "Shell" (priority >= Critical is false)',
    ],
    [
      '{condition: "rule in (Shell, Exec) and proc.name = sh"}',
      `warning condition condition "rule in (Shell, Exec) and proc.name = sh" never holds for "Exec", whose alerts never carry proc.name`,
    ],
    ['{condition: rule = Shell and (ka.verb = create or proc.name = sh)}', undefined],
    [
      '{condition: rule = Shell and not ka.verb = create}',
      'warning condition excluding by ka.verb excludes nothing for "Shell", whose alerts never carry ka.verb',
    ],
    ['{condition: tags intersects (mining) and hostname = n1}', undefined],
    [
      '{condition: priority > Critical}',
      'error condition condition "priority > Critical" never holds: no enabled rule of Falco has that',
    ],
    [
      '{condition: proc.name = val(fd.name)}',
      `error condition condition "proc.name = val(fd.name)" never holds: no enabled rule of Falco has that`,
    ],
  ])('%s', (match, finding) => {
    expect(findingsOf(matching(match))).toEqual(finding === undefined ? [] : [finding]);
  });
});

describe('responses', () => {
  const summary = { falco_rules: 5, enabled: 4, errors: 0, warnings: 0 };
  const rule = (name: string, match: string, more = '') => `${matching(match).replace('R', name)}${more}`;
  const answered = (text: string) =>
    cover(text).falco_rules.map(({ rule: name, responses }) =>
      [name, ...responses.map((response) => response.rule)].join(' '),
    );

  it('are counted for the rules that are enabled', () => {
    const { summary: counted, falco_rules: rules } = cover(
      rule('A', '{tags: [container]}', '  dry_run: true\n') + rule('B', '{rules: [Miner]}'),
    );
    expect(counted).toEqual({ ...summary, answered: 1, observed: 1, unanswered: 2 });
    expect(rules[1]).toEqual({
      rule: 'Miner',
      source: 'syscall',
      priority: 'Critical',
      tags: ['container', 'mining'],
      enabled: true,
      file: 'falco.yaml',
      line: 6,
      responses: [
        { rule: 'A', dry_run: true, actions: ['do:note'] },
        { rule: 'B', dry_run: false, actions: ['do:note'] },
      ],
    });
  });

  it('are none where only the order of rules is decided', () => {
    expect(cover('- rule: A\n  match: all\n  continue: false\n').summary).toMatchObject({ unanswered: 4 });
  });

  it('end where a rule before takes all the alerts', () => {
    const first = rule('A', '{tags: [shell, mining], source: syscall}', '  continue: false\n');
    expect(answered(first + rule('B', 'all'))).toEqual(['Shell A', 'Miner A', 'Exec B', 'Login B', 'Off']);
    expect(findingsOf(first + rule('B', '{rules: [Shell, Miner]}'))).toEqual([
      'error unreached this rule is never tried, as the rules before it ("A") match all its alerts and have continue: false',
    ]);
    // It depends on the alert.
    const sometimes = rule('A', '{output_fields: [k8s.ns.name=a]}', '  continue: false\n');
    expect(answered(sometimes + rule('B', '{rules: [Shell]}'))[0]).toBe('Shell A B');
  });
});

it('what is switched off by falco.yaml counts as disabled', () => {
  const position = { file: 'f.yaml', line: 7, column: 3 };
  const [finding] = findingsOf(matching('{rules: [Shell]}'), {
    switches: [{ enabled: false, tag: 'shell', position }],
  });
  expect(finding).toContain('"Shell" is disabled (f.yaml:7)');
  const least = { leastPriority: { priority: 'Warning', position } } as const;
  expect(findingsOf(matching('{rules: [Shell]}'), least)[0]).toContain('"Shell" is disabled (f.yaml:7)');
  expect(cover(matching('all'), least).summary.enabled).toBe(1);
  const on = { switches: [{ enabled: true, rule: 'O*', position }] };
  expect(findingsOf(matching('{rules: [Off]}'), on)).toEqual([]);
});

it('many mistakes are said without looking for a name for each', () => {
  const names = Array.from({ length: 3000 }, (_, index) => `Shel${index}`);
  const findings = findingsOf(matching(`{rules: [${names.join(', ')}]}`));
  expect(findings.filter((text) => text.includes('did you mean'))).toHaveLength(200);
  expect(findings).toHaveLength(3000);
});
