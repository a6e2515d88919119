import { describe, expect, it } from 'vitest';
import { readFalcoRules } from './read-falco-rules.ts';

function read(...texts: readonly string[]) {
  return readFalcoRules(texts.map((text, index) => ({ path: `${index + 1}.yaml`, text })));
}

function problemsOf(...texts: readonly string[]): string[] {
  return read(...texts).problems.map(({ file, line, column, path, message }) => {
    const where = path === '' ? '' : ` (${path})`;
    return `${file}:${line}:${column} ${message}${where}`;
  });
}

const rule = (name: string, more = '') =>
  `- rule: ${name}\n  desc: d\n  condition: c\n  output: "%proc.name"\n  priority: NOTICE\n${more}`;

describe('a rule of Falco', () => {
  it('is read with what alerts carry of it', () => {
    const text = `
- required_engine_version: 0.57.0
- required_plugin_versions: [{name: container, version: 0.4.0}]
- list: shells
  items: [sh, bash]
- macro: shell
  condition: proc.name in (shells)
- rule: A shell
  desc: d
  condition: >
    shell and not container
  exceptions: [{name: e, fields: proc.name, values: [a]}]
  output: >
    A shell (name=%proc.name)
  priority: info
  tags: [shell, T1059, 5.10]
- rule: An exec
  desc: d
  condition: ka.verb = create
  output: out
  priority: Error
  source: k8s_audit
  enabled: false
  tags: []
`;
    expect(read(text)).toEqual({
      problems: [],
      rules: [
        {
          name: 'A shell',
          position: { file: '1.yaml', line: 8, column: 3 },
          priority: 'Informational',
          source: 'syscall',
          tags: ['shell', 'T1059', '5.10'],
          output: 'A shell (name=%proc.name)',
          enabled: true,
        },
        {
          name: 'An exec',
          position: { file: '1.yaml', line: 17, column: 3 },
          priority: 'Error',
          source: 'k8s_audit',
          tags: [],
          output: 'out',
          enabled: false,
          enabledAt: { file: '1.yaml', line: 23, column: 3 },
        },
      ],
    });
  });

  it('may stand in one of several documents, beside nothing and what Falco ignores', () => {
    const { rules, problems } = read(
      `---\n${rule('a')}---\n# none\n---\n-\n- note: x\n${rule('b')}...\n`,
      '',
      '# none\n',
    );
    expect(problems).toEqual([]);
    expect(rules.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it.each([
    ['no', false],
    ['Off', false],
    ['"false"', false],
    ['N', false],
    ['yes', true],
    ['ON', true],
  ])('is switched by what YAML 1.1 calls a boolean: %s', (word, enabled) => {
    expect(read(rule('a', `  enabled: ${word}\n`)).rules[0]).toMatchObject({ enabled });
  });
});

describe('a later block', () => {
  const before = rule('a', '  tags: [x, y]\n');
  const after = (block: string) => read(before, block).rules;

  it('takes the place of the first one, in the place of the first one', () => {
    const { rules } = read(before + rule('b'), rule('a', '  tags: [z]\n'));
    expect(rules.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(rules[0]).toMatchObject({ tags: ['z'], position: { file: '2.yaml', line: 1, column: 3 } });
  });

  it('with enabled alone switches it', () => {
    const [found] = after('- rule: a\n  enabled: false\n');
    expect(found).toMatchObject({ enabled: false, enabledAt: { file: '2.yaml', line: 2 }, tags: ['x', 'y'] });
    expect(read(before, '- rule: a\n  enabled: false\n', '- rule: a\n  enabled: true\n').rules[0]).toMatchObject({
      enabled: true,
      enabledAt: { file: '3.yaml' },
    });
  });

  it('with override adds and replaces', () => {
    const [found] = after(`- rule: a
  output: and %fd.name
  tags: [y, z]
  priority: CRITICAL
  enabled: false
  condition: and more
  override: {output: append, tags: append, priority: replace, enabled: replace, condition: append}
`);
    expect(found).toMatchObject({
      output: '%proc.name and %fd.name',
      tags: ['x', 'y', 'z'],
      priority: 'Critical',
      enabled: false,
      position: { file: '1.yaml' },
    });
    expect(
      after('- rule: a\n  tags: [z]\n  output: o\n  override: {tags: replace, output: replace}\n')[0],
    ).toMatchObject({
      tags: ['z'],
      output: 'o',
    });
  });

  it('with append: true adds to condition and exceptions only, as in Falco', () => {
    expect(
      after('- rule: a\n  append: true\n  condition: and x\n  tags: [z]\n  output: o\n  priority: ERROR\n'),
    ).toEqual(read(before).rules);
  });
});

describe('what Falco would refuse', () => {
  it.each([
    ['text', "1:1 Falco's rules are a list of blocks, each beginning with - rule:, - macro: or - list:"],
    ['- text', '1:3 a block is a map that begins with - rule:, - macro: or - list:'],
    ['- rule:\n  enabled: true', '1:3 a rule begins with its name: - rule: NAME'],
    ['- rule: a\n  tags: [x]', '1:3 a rule has condition, output, desc and priority, or else enabled (a)'],
    [rule('a').replace('NOTICE', 'Warnin'), '5:13 "Warnin" is not a priority; did you mean Warning?'],
    [
      rule('a').replace('priority: NOTICE', 'priority:'),
      '5:3 a rule of Falco has a priority, which is a text (a.priority)',
    ],
    [
      rule('a').replace('output: "%proc.name"', 'x: y'),
      '1:3 a rule of Falco has an output, which is a text (a.output)',
    ],
    [rule('a', '  tags: x\n'), '6:3 tags is a list of texts (a.tags)'],
    [rule('a', '  enabled: maybe\n'), '6:3 enabled is true or false (a.enabled)'],
    ['- rule: a\n  enabled: true', '1:3 a block with enabled alone changes a rule that exists'],
    ['- rule: a\n  tags: [x]\n  override: {tags: append}', '1:3 override changes a rule that exists'],
    ['- rule: a\n  append: true\n  condition: x', '1:3 append: true changes a rule that exists'],
    [rule('b') + rule('b', '  source: k8s_audit\n'), '11:3 the rule was defined with the source syscall'],
    [
      `${rule('b')}- rule: b\n  append: true\n  tags: [x]\n  override: {tags: append}`,
      '7:3 a rule has either append or',
    ],
    [
      `${rule('b')}- rule: b\n  tags: [x]\n  override: {output: append}`,
      '8:14 override names output, but the rule does not',
    ],
    [`${rule('b')}- rule: b\n  tags: [x]\n  enabled: no\n  override: {tags: append}`, '8:3 enabled stands beside an'],
    [
      `${rule('b')}- rule: b\n  priority: x\n  override: {priority: append}`,
      '8:14 priority cannot be overridden by append',
    ],
    [
      `${rule('b')}- rule: b\n  tags: [x]\n  override: {tags: remove}`,
      '8:14 tags can be overridden by append or replace',
    ],
    [`${rule('b')}- rule: b\n  tags: [x]\n  override: yes`, '8:3 override is a map'],
    ['- rule: a\n\tx: y', '2:1 tabs cannot indent YAML; use spaces'],
  ])('is said with its place: %j', (text, problem) => {
    const [first] = problemsOf(text);
    expect(first).toMatch(`1.yaml:${problem}`);
  });

  it('is said all at once, and bounded', () => {
    expect(problemsOf('- x\n- y\n', '- rule: [\n', rule('a', '  tags: {}\n')).map((text) => text.slice(0, 10))).toEqual(
      ['1.yaml:1:3', '1.yaml:2:3', '2.yaml:2:1', '3.yaml:6:3'],
    );
    expect(problemsOf('- x\n'.repeat(5000))).toHaveLength(100);
  });

  it.each([
    [
      'too many rules',
      Array.from({ length: 5_002 }, (_, index) => `- {rule: r${index}, output: o, priority: debug}`).join('\n'),
      'more than 5000',
    ],
    ['too many documents', '---\n'.repeat(1_000_000), 'too many documents'],
    [
      'nested aliases',
      `- &a [x]\n${Array.from({ length: 20 }, (_, index) => `- &a${index} [*a${index === 0 ? '' : index - 1}, *a${index === 0 ? '' : index - 1}]`).join('\n')}`,
      'stand for more than',
    ],
    ['nesting', '['.repeat(50_000), 'nested too deeply'],
  ])('cannot exhaust the reader: %s', (_, text, problem) => {
    expect(problemsOf(text)[0]).toContain(problem);
  });

  it('leaves prototypes alone', () => {
    const text = `- {rule: __proto__, condition: c, desc: d, output: o, priority: debug, __proto__: {enabled: false}}\n`;
    expect(read(text).rules).toMatchObject([{ name: '__proto__', enabled: true }]);
  });
});
