import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collector, CONFIG, RULES, run } from '../testing-program.ts';

const TESTS = `rules: [rules.yaml]
tests:
  - test: A shell is noted
    event: { rule: Terminal shell in container }
    expect:
      - rule: Shell
        actions:
          - { action: Note it, parameters: { text: hello }, target: none }
  - test: Nothing else is
    event: { rule: other }
    expect: none
`;
const FAILING = TESTS.replace('text: hello', 'text: bye').replace('rule: other', 'rule: terminal shell in container');
const FILES = { 'rules.yaml': RULES, 'a_test.yaml': TESTS };
const test = (files: Readonly<Record<string, string>>, ...argv: string[]) =>
  run(['rules', 'test', ...(argv.length === 0 ? ['.'] : argv)], files);

describe('rules test', () => {
  it('names every test that passes', async () => {
    expect(await test(FILES)).toEqual({
      code: 0,
      stdout: 'a_test.yaml\n  ✓ A shell is noted\n  ✓ Nothing else is\n\n2 tests: 2 passed\n',
      stderr: '',
    });
  });

  it('shows what differs, where it is expected, and why, and ends with 1', async () => {
    const failing = FAILING.replace('expect: none', 'expect: [Shell]');
    expect(await test({ ...FILES, 'a_test.yaml': failing })).toEqual({
      code: 1,
      stdout: `a_test.yaml
  ✗ A shell is noted
      a_test.yaml:8:52: Shell.actions[0].parameters.text
        - expected: "bye"
        + got:      "hello"
  ✗ Nothing else is
      a_test.yaml:11:14: Shell
        - expected: it matches
        + got:      it does not match
            ✗ rules: Terminal shell in container; the alert has "terminal shell in container" (nearly: "terminal shell in container" differs from "Terminal shell in container" only in the case of letters)

2 tests: 2 failed
`,
      stderr: '',
    });
  });

  it('takes rules from the file, else from --rules, else from the configuration', async () => {
    const tests = TESTS.replace('rules: [rules.yaml]\n', '');
    const files = { 'config.yaml': CONFIG, 'rules.yaml': RULES, 'sub/a_test.yaml': tests, 'empty.yaml': '[]' };
    expect((await test(files, 'sub')).code).toBe(0);
    expect((await test(files, 'sub', '-r', 'empty.yaml')).code).toBe(1);
    const own = { ...files, 'sub/a_test.yaml': `rules: [../rules.yaml]\n${tests}` };
    expect((await test(own, 'sub', '-r', 'empty.yaml')).code).toBe(0);
    const directory = { ...files, 'all/b.yaml': RULES, 'sub/a_test.yaml': `rules: [../all]\n${tests}` };
    expect((await test(directory, 'sub')).code).toBe(0);
  });

  it('judges with the mode and the notifiers of the configuration', async () => {
    const config = `${CONFIG}mode: observe\ndefault_notifiers: [bell]\nnotifiers: {bell: {tone: a}}\n`;
    const expectation = 'expect: [{rule: Shell, dry_run: true, notifiers: [Bell]}]';
    const tests = `tests: [{test: t, event: {rule: Terminal shell in container}, ${expectation}}]`;
    expect((await test({ ...FILES, 'config.yaml': config, 'a_test.yaml': tests }, 'a_test.yaml')).code).toBe(0);
    expect((await test({ ...FILES, 'config.yaml': CONFIG, 'a_test.yaml': tests }, 'a_test.yaml')).code).toBe(1);
  });

  it('finds test files in folders, and takes named files whatever they are called', async () => {
    const files = {
      ...FILES,
      'b.test.yml': TESTS,
      'tests.yaml': TESTS,
      'c/d/e_test.yaml': TESTS.replace('rules.yaml', '../../rules.yaml'),
      'node_modules/x_test.yaml': 'no',
      '.git/y_test.yaml': 'no',
    };
    expect((await test(files)).stdout.match(/^[^ \n]+yaml|^[^ \n]+yml/gm)).toEqual([
      'a_test.yaml',
      'b.test.yml',
      'c/d/e_test.yaml',
    ]);
    expect((await test(files, 'tests.yaml', 'c')).stdout).toContain('4 tests: 4 passed');
    expect((await test(files, 'a_test.yaml', '.')).stdout.match(/^a_test/gm)).toHaveLength(1);
    expect(await test({ ...FILES, 'none/x.yaml': '' }, 'none', 'absent')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'none: no file in it is called *_test.yaml or *.test.yaml\nabsent: there is no such file\n',
    });
  });

  it('reads recorded alerts, and says what is wrong with one', async () => {
    const at = (file: string) => `rules: [rules.yaml]\ntests:\n  - {test: t, event_file: ${file}, expect: [Shell]}\n`;
    const alert = '{"rule":"Terminal shell in container"}';
    const with_ = (file: string) =>
      test({ ...FILES, 'a_test.yaml': at(file), 'e/x.json': alert, 'bad.json': 'root:x' });
    expect((await with_('e/x.json')).code).toBe(0);
    expect((await with_('./e/../e/x.json')).code).toBe(0);
    for (const [file, message] of [
      ['none.json', 'there is no such file'],
      ['e', 'this is a directory'],
      ['/etc/hostname', 'paths are as seen from the test file'],
      ['/dev/zero', 'paths are as seen from the test file'],
      ['bad.json', 'the file does not hold one alert: it is not one JSON object'],
    ] as const) {
      const { code, stdout } = await with_(file);
      expect(stdout).toContain(`a_test.yaml:3:27: ${message}`);
      expect(stdout).not.toContain('root:x');
      expect(code).toBe(1);
    }
  });

  it('goes on with the other files when one is wrong, and shows where', async () => {
    const files = {
      ...FILES,
      'b_test.yaml': TESTS.replace('event:', 'evnt:'),
      'c_test.yaml': TESTS.replace('rules.yaml', 'broken.yaml'),
      'd_test.yaml': TESTS.replace('rules.yaml', '/rules.yaml'),
      'broken.yaml': RULES.replace('text:', 'txt:'),
    };
    const { code, stdout, stderr } = await test(files);
    expect(code).toBe(1);
    expect(stdout).toContain('2 tests: 2 passed, 3 files not run\n');
    expect(stderr).toMatch(/^b_test\.yaml:4:5: error: unknown key "evnt"; did you mean event\?.*\n {2}4 \| /m);
    expect(stderr).toMatch(/broken\.yaml:6:21: error: unknown key "txt"/);
    expect(stderr).toMatch(/d_test\.yaml: rules: paths are as seen from the test file/);
  });

  it('runs those whose name has a text', async () => {
    const { code, stdout } = await test({ ...FILES, 'a_test.yaml': FAILING }, '.', '--filter', 'nothing ELSE');
    expect(stdout).toBe('a_test.yaml\n  ✓ Nothing else is\n\n1 test: 1 passed\n');
    expect(code).toBe(0);
    expect(await test(FILES, '.', '--filter', 'absent')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'falco-talon: --filter: no test has "absent" in its name\n',
    });
  });

  it('tells coverage over all files, and fails below a limit', async () => {
    const files = { ...FILES, 'rules.yaml': `${RULES}- rule: Never\n  match: { rules: [x] }\n  continue: false\n` };
    const { code, stdout } = await test(files, '.', '--coverage');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'Coverage: 1 of 2 rules (50 %) matched, 1 of 1 actions (100 %) ran\n  no test makes the rule "Never" match (rules.yaml:7:9)\n',
    );
    expect((await test(files, '.', '--coverage-min', '50')).code).toBe(0);
    expect(await test(files, '.', '--coverage-min', '51')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('Coverage: 1 of 2'),
      stderr: 'falco-talon: 50 % of the rules are covered, at least 51 % must be\n',
    });
    for (const wrong of ['101', '-1', 'all', '5.5', '']) {
      expect(await test(files, '.', `--coverage-min=${wrong}`)).toMatchObject({ code: 2, stdout: '' });
    }
  });

  it('tells programs', async () => {
    const { code, stdout } = await test({ ...FILES, 'a_test.yaml': FAILING }, '.', '-o', 'json', '--coverage');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      passed: 1,
      failed: 1,
      files_not_run: 0,
      files: [
        {
          file: 'a_test.yaml',
          problems: [],
          tests: [
            {
              test: 'A shell is noted',
              line: 3,
              column: 11,
              passed: false,
              differences: [
                {
                  line: 8,
                  column: 52,
                  what: 'Shell.actions[0].parameters.text',
                  expected: '"bye"',
                  got: '"hello"',
                  because: [],
                },
              ],
            },
            { test: 'Nothing else is', line: 9, column: 11, passed: true, differences: [] },
          ],
        },
      ],
      coverage: {
        rules: { covered: 1, all: 1, percent: 100 },
        actions: { covered: 1, all: 1, percent: 100 },
        unmatched: [],
        idle: [],
      },
    });
  });

  it('writes JUnit to a file beside the text', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'talon-junit-'));
    const file = join(directory, 'report.xml');
    const { code, stdout } = await test(FILES, '.', '--junit-file', file);
    expect({ code, text: stdout.includes('2 passed') }).toEqual({ code: 0, text: true });
    const written = await readFile(file, 'utf8');
    const printed = (await test(FILES, '.', '-o', 'junit')).stdout;
    const timeless = (xml: string) => xml.replaceAll(/time="[\d.]+"/g, '');
    expect(timeless(written)).toBe(timeless(printed));
    const refused = await test(FILES, '.', '--junit-file', join(directory, 'none', 'x'));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('the report cannot be written') });
    await rm(directory, { recursive: true });
  });

  it('has colour on a terminal that does not refuse it', async () => {
    const printed = async (isTTY: boolean, environment: Record<string, string>) => {
      const output = collector();
      await run(['rules', 'test', '.'], FILES, { stdout: Object.assign(output.stream, { isTTY }), environment });
      return output.text();
    };
    expect(await printed(true, {})).toContain('\u001b[32m✓\u001b[39m A shell');
    expect(await printed(true, { NO_COLOR: '1' })).not.toContain('\u001b');
    expect(await printed(false, {})).not.toContain('\u001b');
  });

  it('lets no name steer the terminal', async () => {
    const tests = TESTS.replace('A shell is noted', '"\\e[2J\\n  ✓ faked"')
      .replace('Nothing else is', '"\\u202e"')
      .replace('rule: Shell', 'rule: "\\e[1m"')
      .replace('rule: other', 'rule: "\\e[3m"');
    const { stdout, code } = await test({ ...FILES, 'a_test.yaml': tests });
    expect(code).toBe(1);
    expect(stdout).not.toContain('\u001b');
    expect(stdout.match(/^ {2}[✓✗]/gm)).toHaveLength(2);
  });
});
