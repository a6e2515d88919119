import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG, RULES, run } from './testing-program.ts';

const FALCO = `- rule: Terminal shell in container
  priority: NOTICE
  output: '%proc.name'
- rule: Read sensitive file untrusted
  priority: WARNING
  output: '%fd.name'
`;
const FILES = { 'config.yaml': CONFIG, 'rules.yaml': RULES, 'falco.rules.yaml': FALCO };
const ARGV = ['rules', 'coverage', '--falco-rules', 'falco.rules.yaml'];
const MISSPELT = RULES.replace('Terminal', 'Termnal');
const WARNED = RULES.replace('container]', "container], output_fields: ['fd.rip!=::1']");

const directory = mkdtempSync(join(tmpdir(), 'talon-coverage-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('rules coverage', () => {
  it('says what answers what', async () => {
    expect(await run(ARGV, FILES)).toEqual({
      code: 0,
      stdout: `Without a response:
  Warning  Read sensitive file untrusted

2 rules of Falco, 2 enabled: 1 answered, 0 in a dry run only, 1 without a response
`,
      stderr: '',
    });
  });

  it('counts what a configuration in observe mode only tries out', async () => {
    const { stdout } = await run(ARGV, { ...FILES, 'config.yaml': `${CONFIG}mode: observe\n` });
    expect(stdout).toContain('Answered in a dry run only:\n  Notice  Terminal shell in container\n');
    expect(stdout).toContain('0 answered, 1 in a dry run only, 1 without a response');
  });

  it('shows the line of what never works, and ends with 1', async () => {
    const { code, stdout } = await run(ARGV, { ...FILES, 'rules.yaml': MISSPELT });
    expect(code).toBe(1);
    expect(stdout).toContain(
      `rules.yaml:2:20: error: Falco has no rule "Termnal shell in container" in these files; did you mean "Terminal shell in container"? (Shell.match.rules[0])
  2 |   match: { rules: [Termnal shell in container] }
    |                    ^
1 error, 0 warnings
`
        .replace('2:19', '2:20')
        .replace('|                   ^', '|                    ^'),
    );
  });

  it('says what falco.yaml has to add, beside what it ships with or what it has', async () => {
    const files = { ...FILES, 'rules.yaml': WARNED, 'falco.yaml': 'append_output: []\n' };
    const entry = '  - match: {rule: "Terminal shell in container"}\n    extra_fields: [fd.rip]\n';
    expect((await run(ARGV, files)).stdout).toContain(`append_output:\n  - suggested_output: true\n${entry}`);
    const { stdout } = await run([...ARGV, '--falco-config', 'falco.yaml'], files);
    expect(stdout).toContain(`Added to append_output in falco.yaml, this adds the missing fields:\n${entry}`);
    const added = { ...files, 'falco.yaml': 'append_output: [{extra_fields: [fd.rip]}]\n' };
    expect((await run([...ARGV, '--falco-config', 'falco.yaml', '--fail-on', 'warning'], added)).code).toBe(0);
    expect((await run([...ARGV, '--extra-field', 'fd.rip', '--fail-on', 'warning'], files)).code).toBe(0);
  });

  it.each([
    ['error', MISSPELT, 1],
    ['error', WARNED, 0],
    ['error', RULES, 0],
    ['warning', WARNED, 1],
    ['warning', RULES, 0],
    ['unanswered', RULES, 1],
    ['unanswered', RULES.replace('{ rules: [Terminal shell in container] }', 'all'), 0],
    ['never', MISSPELT, 0],
  ])('with --fail-on %s: %#', async (on, rules, code) => {
    expect((await run([...ARGV, '--fail-on', on], { ...FILES, 'rules.yaml': rules })).code).toBe(code);
  });

  it('gives the same as JSON and YAML', async () => {
    const files = { ...FILES, 'rules.yaml': MISSPELT };
    const json = await run([...ARGV, '-o', 'json'], files);
    const data = JSON.parse(json.stdout) as Record<string, readonly unknown[]>;
    expect(Object.keys(data)).toEqual(['summary', 'findings', 'falco_rules', 'append_output']);
    expect(data['findings']).toMatchObject([{ kind: 'unknown_rule', severity: 'error', line: 2, rule: 'Shell' }]);
    expect(json.code).toBe(1);
    const yaml = parse((await run([...ARGV, '-o', 'yaml'], files)).stdout) as Record<string, unknown>;
    expect({ ...yaml, findings: [] }).toEqual({ ...data, findings: [] });
  });

  it('reads directories in name order, and several of them', async () => {
    mkdirSync(join(directory, 'd'));
    writeFileSync(join(directory, 'd', '2.yml'), '- rule: Terminal shell in container\n  enabled: false\n');
    writeFileSync(join(directory, 'd', '1.yaml'), FALCO);
    writeFileSync(join(directory, 'd', 'notes.txt'), 'x');
    writeFileSync(join(directory, 'local.yaml'), '- rule: Terminal shell in container\n  enabled: yes\n');
    const one = ['rules', 'coverage', '--falco-rules', join(directory, 'd')];
    const { code, stdout } = await run(one, FILES);
    expect(code).toBe(1);
    expect(stdout).toContain(`is disabled (${join(directory, 'd', '2.yml')}:2)`);
    expect((await run([...one, '--falco-rules', join(directory, 'local.yaml')], FILES)).code).toBe(0);
  });

  it('says all mistakes of all files at once, each with its place', async () => {
    const { code, stdout, stderr } = await run(
      [...ARGV, '--falco-rules', 'none.yaml', '--falco-config', 'falco.yaml'],
      {
        ...FILES,
        'rules.yaml': `${RULES}- rule:\n`,
        'falco.rules.yaml': '- rule: a\n  output: x\n  priority: High\n',
        'falco.yaml': 'rules: x\n',
      },
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/rules.yaml:7:3: error: a rule begins with its name/);
    expect(stderr).toContain(
      'none.yaml: error: there is no such file or directory; name another one with --falco-rules',
    );
    expect(stderr).toContain('falco.rules.yaml:3:13: error: "High" is not a priority');
    expect(stderr).toContain('falco.yaml:1:1: error: rules is a list (rules)\n  1 | rules: x\n    | ^');
  });

  it('lets nothing in a file of Falco steer the terminal', async () => {
    const name = '"\\e[31m\\u202eevil"';
    const { stdout } = await run(ARGV, {
      ...FILES,
      'falco.rules.yaml': FALCO.replace('Read sensitive file untrusted', name),
    });
    expect(stdout).toContain('\\u{1b}[31m\\u{202e}evil');
    expect(stdout).not.toMatch(/[^\n -~]/);
  });

  it('is used with the rules of Falco', async () => {
    const { code, stderr } = await run(['rules', 'coverage'], FILES);
    expect([code, stderr]).toEqual([2, expect.stringContaining('rules coverage needs --falco-rules <file>')]);
  });
});
