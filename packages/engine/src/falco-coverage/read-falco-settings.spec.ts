import { describe, expect, it } from 'vitest';
import { carriedFields, fitsWildcard, SHIPPED_SETTINGS, switchedRules } from './falco-settings.ts';
import { readFalcoRules } from './read-falco-rules.ts';
import { readFalcoSettings } from './read-falco-settings.ts';

const read = (text: string) => readFalcoSettings({ path: 'f.yaml', text });
const { rules } = readFalcoRules([
  {
    path: 'r.yaml',
    text: `
- {rule: Shell, priority: notice, tags: [shell, T1059], output: '%proc.name'}
- {rule: Exec, priority: info, source: k8s_audit, output: '%ka.verb'}
`,
  },
]);
const [shell, exec] = [rules[0]!, rules[1]!];
const SUGGESTED = [
  'container.id',
  'container.name',
  'container.image.repository',
  'container.image.tag',
  'k8s.pod.name',
  'k8s.ns.name',
];

function fieldsWith(text: string, rule = shell): string[] {
  const { settings, problems } = read(text);
  expect(problems).toEqual([]);
  return [...carriedFields(rule, settings)];
}

function enabledWith(text: string): string[] {
  const { settings, problems } = read(text);
  expect(problems).toEqual([]);
  return switchedRules(rules, settings)
    .filter(({ enabled }) => enabled)
    .map(({ name }) => name);
}

describe('fields of alerts', () => {
  it('as Falco ships: those of the output, the time, and what the container plugin suggests for system calls', () => {
    expect([...carriedFields(shell, SHIPPED_SETTINGS)]).toEqual(['evt.time', 'proc.name', ...SUGGESTED]);
    expect([...carriedFields(exec, SHIPPED_SETTINGS)]).toEqual(['evt.time', 'ka.verb']);
  });

  it.each([
    ['', []],
    ['append_output:\n', []],
    ['append_output: [{suggested_output: true}]', SUGGESTED],
    ['append_output: [{suggested_output: yes, match: {rule: Shell}}]', SUGGESTED],
    ['append_output: [{suggested_output: true, match: {source: k8s_audit}}]', []],
    ['append_output: [{suggested_output: false}]', []],
    ['append_output: [{extra_output: "cpu=%evt.cpu %fd.name"}]', ['evt.cpu', 'fd.name']],
    [
      'append_output: [{extra_fields: [fd.rip, home: "${HOME} %proc.cwd", "proc.aname[2]"]}]',
      ['fd.rip', 'home', 'proc.aname[2]'],
    ],
    ['append_output: [{match: {rule: Other}, extra_fields: [fd.rip]}]', []],
    ['append_output: [{match: {tags: [shell, T1059]}, extra_fields: [fd.rip]}]', ['fd.rip']],
    ['append_output: [{match: {tags: [shell, x]}, extra_fields: [fd.rip]}]', []],
    ['append_output: [{match: {source: syscall, rule: Shell}, extra_fields: [fd.rip]}]', ['fd.rip']],
    ['json_output: true\noutputs: {rate: 1}\nappend_output: [{extra_fields: [a.b]}]', ['a.b']],
  ])('with %j', (text, more) => {
    expect(fieldsWith(text)).toEqual(['evt.time', 'proc.name', ...more]);
  });

  it('may be left out altogether', () => {
    expect(fieldsWith('json_include_output_fields_property: false')).toEqual([]);
    expect(fieldsWith('time_format_iso_8601: true')[0]).toBe('evt.time.iso8601');
    expect(read('json_include_tags_property: false').settings.carriesTags).toBe(false);
  });
});

describe('switched rules', () => {
  it.each([
    ['', ['Shell', 'Exec']],
    ['rules: [{disable: {rule: Shell}}]', ['Exec']],
    ['rules: [{disable: {rule: "*"}}, {enable: {rule: "Ex*"}}]', ['Exec']],
    ['rules: [{disable: {tag: shell}}]', ['Exec']],
    ['rules: [{disable: {tag: shell}}, {enable: {tag: T1059}}]', ['Shell', 'Exec']],
    ['rules: [{disable: {rule: shell}}]', ['Shell', 'Exec']],
    ['priority: notice', ['Shell']],
    ['priority: Error\nrules: [{enable: {rule: "*"}}]', []],
    ['priority: ${LEAST}', ['Shell', 'Exec']],
  ])('with %j', (text, enabled) => {
    expect(enabledWith(text)).toEqual(enabled);
  });

  it.each([
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'abc', true],
    ['a**c', 'abc', true],
    ['*', '', true],
    ['*b*', 'abc', true],
    ['abc', 'abc', true],
    ['ab', 'abc', false],
    ['*b', 'abc', false],
    ['b*', 'abc', false],
    // Falco takes the first place that fits, and no other.
    ['*b', 'abab', false],
  ])('%s fits %s: %s', (pattern, name, fits) => {
    expect(fitsWildcard(pattern, name)).toBe(fits);
  });
});

it.each([
  ['- x', '1:1 falco.yaml is a map of settings'],
  ['append_output: x', '1:1 append_output is a list'],
  ['append_output: [x]', '1:17 an entry of append_output is a map'],
  ['append_output: [{extra_fields: x}]', '1:32 extra_fields is a list of fields'],
  ['append_output: [{extra_fields: [[x]]}]', '1:33 an entry of extra_fields is a field, or a name with a format'],
  ['rules: [{disable: all}]', '1:9 an entry of rules says enable or disable, with a rule or a tag'],
  ['rules: [', '1:9 '],
])('%j is refused with its place', (text, problem) => {
  const [first] = read(text).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  expect(first).toContain(problem);
});
