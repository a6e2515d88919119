import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG, RULES, run } from './testing-program.ts';

const FILES = { 'config.yaml': CONFIG, 'rules.yaml': RULES };

describe('usage', () => {
  it.each([
    ['sever'],
    ['rules', 'chek'],
    ['check', '--confg', 'x'],
    ['check', 'too', 'many'],
    ['explain'],
    [],
    ['rules'],
    ['completion', 'tcsh'],
    ['actionners', 'list', '-o', 'xml'],
  ])('that is wrong ends with 2: %j %j', async (...argv) => {
    const { code, stderr, stdout } = await run(argv);
    expect(code).toBe(2);
    expect(stderr).not.toBe('');
    expect(stdout).toBe('');
  });

  it('is explained by help', async () => {
    for (const argv of [['help'], ['--help'], ['help', 'explain'], ['explain', '--help'], ['help', 'rules', 'print']]) {
      const { code, stdout } = await run(argv);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Usage: falco-talon/);
    }
    expect((await run(['explain', '--help'])).stdout).toContain('--config');
  });

  it('has a version', async () => {
    expect((await run(['version'])).stdout).toBe(`falco-talon 1.2.3 (Node.js ${process.versions.node})\n`);
    expect((await run(['--version'])).stdout).toBe('falco-talon 1.2.3\n');
    expect(JSON.parse((await run(['version', '--output', 'json'])).stdout)).toEqual({
      name: 'falco-talon',
      version: '1.2.3',
      node: process.versions.node,
      plugins: [{ name: 'test-plugin', api_version: 1 }],
    });
  });
});

describe('check', () => {
  it.each([[['check']], [['rules', 'check']], [['check', '-c', 'config.yaml']], [['-r', 'rules.yaml', 'check']]])(
    '%j accepts good rules',
    async (argv) => {
      expect(await run(argv, FILES)).toEqual({
        code: 0,
        stdout: 'the rules are valid: 1 rule in 1 file\n',
        stderr: '',
      });
    },
  );

  it('needs no config', async () => {
    expect((await run(['check', '-r', 'rules.yaml'], { 'rules.yaml': RULES })).code).toBe(0);
    expect(await run(['check', '-c', 'no.yaml'], FILES)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'no.yaml: error: there is no such file; name another one with -c\n',
    });
  });

  it('prints every mistake of config, plugins and rules in one run', async () => {
    const { code, stderr, stdout } = await run(['check'], {
      'config.yaml': 'listen_port: x\nrules_files: [rules.yaml]\nplugins: [./absent.js, test-plugin]\n',
      'rules.yaml': RULES.replace('text:', 'txt:'),
    });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /config\.yaml:1:14: error: must be a whole number, not "x" \(listen_port\)\n  1 \| listen_port: x\n    \|              \^\n/,
    );
    expect(stderr).toMatch(/plugin \.\/absent\.js: there is no/);
    expect(stderr).toMatch(/rules\.yaml:6:21: error: unknown key "txt"; did you mean text\?/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('reads several rules in place of the config’s', async () => {
    const files = { ...FILES, 'a.yaml': RULES, 'b.yaml': RULES.replace('rule: Shell', 'rule: Other') };
    expect((await run(['check', '-r', 'a.yaml', '-r', 'b.yaml'], files)).stdout).toContain('2 rules in 2 files');
  });

  it('finds a notifier that lacks a setting, when it is in use', async () => {
    expect((await run(['check'], { ...FILES, 'config.yaml': `${CONFIG}notifiers: {bell: {tone: null}}\n` })).code).toBe(
      0,
    );
    const used = await run(['check'], { ...FILES, 'config.yaml': `${CONFIG}default_notifiers: [Bell]\n` });
    expect(used.code).toBe(0);
    expect(used.stderr).toBe('warning: notifiers.bell is in use, but tone is missing\n');
    const typo = await run(['check'], { ...FILES, 'config.yaml': `${CONFIG}default_notifiers: [bel]\n` });
    expect(typo).toMatchObject({ code: 1, stderr: expect.stringContaining('did you mean bell?') });
    const both = { 'config.yaml': `${CONFIG}default_notifiers: [bel]\n`, 'rules.yaml': RULES.replace('text:', 'txt:') };
    const { stderr } = await run(['check'], { ...FILES, ...both });
    expect(stderr).toMatch(/did you mean text\?/);
    expect(stderr).toMatch(/did you mean bell\?/);
  });

  it('prints warnings and still succeeds', async () => {
    const { code, stderr } = await run(['check'], {
      ...FILES,
      'rules.yaml': RULES.replace('match: { rules: [Terminal shell in container] }', 'match: {}'),
    });
    expect(code).toBe(0);
    expect(stderr).toContain('warning');
  });
});

it('rules print prints the rules one asks for', async () => {
  const files = { ...FILES, 'rules.yaml': RULES + RULES.replace('rule: Shell', 'rule: Other') };
  expect(parse((await run(['rules', 'print', 'Other'], files)).stdout)).toMatchObject([{ rule: 'Other' }]);
  expect(await run(['rules', 'print', 'Othr'], files)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('there is no rule "Othr"; did you mean "Other"?\n'),
  });
});

it('rules print gives the same rules as JSON', async () => {
  const json = await run(['rules', 'print', '-o', 'json'], FILES);
  expect(JSON.parse(json.stdout)).toEqual(parse((await run(['rules', 'print'], FILES)).stdout));
});

it('names files below the working directory as seen from there', async () => {
  const files = { 'rules/a.yaml': RULES, 'rules/b.yaml': RULES.replace('text:', 'txt:') };
  for (const paths of [['rules'], ['./rules/a.yaml', 'rules/b.yaml']]) {
    const { stderr } = await run(['check', ...paths.flatMap((path) => ['-r', path])], files);
    expect(stderr.split('\n').filter((line) => line.includes(': error: '))).toEqual([
      expect.stringMatching(/^rules\/b\.yaml:6:21: error: unknown key "txt"/),
    ]);
  }
  const { stderr } = await run(['check', '-r', 'none.yaml'], { 'config.yaml': 'listen_port: x' });
  expect(stderr).toMatch(/^config\.yaml:1:14: error: /m);
  expect(stderr).toMatch(/^none\.yaml: error: there is no such file or directory/m);
});

it('rules print prints what is in force', async () => {
  const { code, stdout } = await run(['rules', 'print'], FILES);
  expect(code).toBe(0);
  expect(parse(stdout)).toMatchObject([
    { rule: 'Shell', actions: [{ actionner: 'test:note', parameters: { text: 'hello', times: 1 } }] },
  ]);
});

describe('explain', () => {
  const event =
    '{"rule":"Terminal shell in container","priority":"Notice","output_fields":{"evt.time":1731945600482812345}}';
  const explain = (text: string, ...more: string[]) =>
    run(['explain', '--event', 'event.json', ...more], { ...FILES, 'event.json': text });

  it('tells people what would happen', async () => {
    const { code, stdout } = await explain(event);
    expect(code).toBe(0);
    expect(stdout).toContain('Note it (test:note)');
  });

  it('tells programs, without losing a digit', async () => {
    const { code, stdout } = await explain(event, '--output', 'json');
    expect(code).toBe(0);
    expect(stdout).toContain('"evt.time": 1731945600482812345');
    const { rules, plan } = JSON.parse(stdout) as { rules: unknown[]; plan: unknown[] };
    expect(rules).toMatchObject([
      { rule: 'Shell', evaluated: true, matched: true, criteria: [{ criterion: 'rules', holds: true }] },
    ]);
    expect(plan).toMatchObject([
      {
        rule: 'Shell',
        action: 'Note it',
        actionner: 'test:note',
        parameters: { text: 'hello' },
        output: null,
        dry_run: false,
      },
    ]);
  });

  it.each([
    ['a list', `[${event}, {"rule":"other"}]`],
    ['one alert a line', `${event}\n\n{"rule":"other"}\n`],
  ])('takes %s', async (_, text) => {
    const list = JSON.parse((await explain(text, '-o', 'json')).stdout) as { plan: unknown[] }[];
    expect(list.map(({ plan }) => plan.length)).toEqual([1, 0]);
  });

  it('says what is wrong with the file', async () => {
    expect(await explain('{"rule":')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^event\.json: this is not JSON/),
    });
    expect(await explain(`[${event},{"priority":"x"}]`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^event\.json: alert 2: .*rule/),
    });
    expect((await run(['explain', '--event', 'no.json'], FILES)).code).toBe(1);
  });

  it('shows default notifiers and the mode of the config', async () => {
    const config = `${CONFIG}mode: observe\ndefault_notifiers: [bell]\nnotifiers: {bell: {tone: a}}\n`;
    const { stdout } = await run(['explain', '--event', 'e', '-o', 'json'], {
      ...FILES,
      'config.yaml': config,
      e: event,
    });
    expect(JSON.parse(stdout)).toMatchObject({ plan: [{ notifiers: ['bell'], dry_run: true }] });
  });
});
