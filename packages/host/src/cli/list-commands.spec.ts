import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { collector, CONFIG, RULES, run } from './testing-program.ts';

const FILES = { 'config.yaml': CONFIG, 'rules.yaml': RULES };

describe('lists', () => {
  it('show actionners as YAML, JSON and a table', async () => {
    const yaml = parse((await run(['actionners', 'list'])).stdout) as unknown;
    expect(yaml).toMatchObject([
      {
        name: 'test:note',
        category: 'test',
        continue: true,
        parameters: {
          text: { type: 'string', required: true, description: 'What to note.' },
          times: { type: 'integer, from 1 to 9', default: 1 },
        },
        plugin: 'test-plugin',
      },
    ]);
    expect(JSON.parse((await run(['actionners', 'list', '--output', 'json'])).stdout)).toEqual(yaml);
  });

  it('are tables as wide as the terminal, and whole elsewhere', async () => {
    const table = ['actionners', 'list', '-o', 'table'];
    const whole =
      'NAME       SOURCES  CONTINUE  OUTPUT  DESCRIPTION\ntest:note  any      true      none    Notes a text.\n';
    expect((await run(table)).stdout).toBe(whole);
    const rules = ['rules', 'list', '-o', 'table', '-r', 'rules.yaml'];
    const files = { 'rules.yaml': RULES.replace('Terminal', 'Somewhere a t\u{e9}rminal') };
    expect((await run(rules, files)).stdout).toBe(
      'NAME   ACTIONS    CONTINUE  DRY RUN  PLACE         MATCH\n' +
        'Shell  test:note  true      false    rules.yaml:1  Somewhere a t\u{e9}rminal shell in container\n',
    );
    const terminal = collector();
    await run(rules, files, {
      stdout: Object.assign(terminal.stream, { isTTY: true, columns: 75 }),
      environment: { NO_COLOR: '1' },
    });
    expect(terminal.text().split('\n')[1]).toBe(
      'Shell  test:note  true      false    rules.yaml:1  Somewhere a t\u{e9}rminal sh…',
    );
  });

  it('show the rules, in words and for programs', async () => {
    const rules = RULES.replace(
      'container] }',
      "container, Other], priority: '>=Notice', tags: ['a, b', c], output_fields: ['a=b'] }",
    );
    const list = JSON.parse(
      (await run(['rules', 'list', '-o', 'json'], { ...FILES, 'rules.yaml': rules })).stdout,
    ) as unknown;
    expect(list).toEqual([
      {
        name: 'Shell',
        match: 'Terminal shell in container or Other; priority >=Notice; tags a, b or c; fields a=b',
        actions: [{ action: 'Note it', actionner: 'test:note' }],
        continue: true,
        dry_run: false,
        place: 'rules.yaml:1',
      },
    ]);
    const broken = await run(['rules', 'list'], { ...FILES, 'rules.yaml': '- rule: 1\n  x: 1\n' });
    expect(broken).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('error') });
  });

  it('show plugins with what they bring, and one part by its name', async () => {
    expect(parse((await run(['plugins', 'list'])).stdout)).toEqual([
      {
        name: 'test-plugin',
        api_version: 1,
        category: 'test',
        actionners: ['test:note'],
        outputs: ['test:shelf'],
        notifiers: ['bell'],
      },
    ]);
    expect(parse((await run(['actionners', 'show', 'test:note'])).stdout)).toMatchObject({
      name: 'test:note',
      examples: [{ parameters: { text: 'a' } }],
    });
    expect(await run(['actionners', 'show', 'note'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'there is no actionner note; did you mean test:note?\n',
    });
    expect((await run(['contexts', 'show', 'x\u001b'])).stderr).toBe('there is no context x\\u{1b}; there are: none\n');
  });

  it('show outputs, notifiers and contexts', async () => {
    expect(parse((await run(['outputs', 'list'])).stdout)).toMatchObject([
      { name: 'test:shelf', parameters: { place: { required: true } } },
    ]);
    expect(parse((await run(['notifiers', 'list'])).stdout)).toMatchObject([
      { name: 'bell', settings: { tone: { type: 'string' } } },
    ]);
    expect((await run(['contexts', 'list'])).stdout).toBe('[]\n');
  });

  it('are of the plugins the config names', async () => {
    expect((await run(['actionners', 'list'], { 'config.yaml': 'plugins: []\n' })).stdout).toBe('[]\n');
  });
});
