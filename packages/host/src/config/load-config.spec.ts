import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defineClient, definePlugin } from '@falco-talon/core';
import { buildRegistry } from '@falco-talon/engine';
import { readConfigFile, type ConfigSources } from './config-file.ts';
import { loadConfig } from './load-config.ts';
import { formatConfigProblem } from './origins.ts';
import { cloud, directory, load, registry } from './testing-config.ts';

afterAll(() => rmSync(directory, { recursive: true }));

describe('the config file', () => {
  it('is not needed: everything has a default', async () => {
    const sources: ConfigSources = { variables: {}, workingDirectory: join(directory, 'nothing-here') };
    const { config, problems } = loadConfig(await readConfigFile(sources), sources, registry);
    expect(problems).toEqual([]);
    expect(config?.host).toMatchObject({
      listen_address: '0.0.0.0',
      listen_port: 2803,
      rules_files: ['/etc/falco-talon/rules.yaml'],
      log_format: 'color',
      watch_rules: true,
      print_all_events: false,
      default_notifiers: [],
      mode: 'enforce',
      deduplication: { time_window_seconds: 5 },
    });
    expect(config?.queueType).toBe('memory');
    expect(config?.sections.queues.get('disk')?.value).toEqual({ size: 7 });
    expect(config?.sections.guards.get('gate')).toMatchObject({ value: { most: 3 }, missing: [{}] });
  });

  it('holds the settings of a guard, strictly', async () => {
    const { config } = await load('guard: { gate: { most: 5, word: w } }');
    expect(config?.sections.guards.get('gate')).toEqual({ value: { most: 5, word: 'w' }, missing: [] });
    const variables = { FALCO_TALON_GUARD_GATE_MOST: '7' };
    expect((await load('', { variables })).config?.sections.guards.get('gate')?.value).toEqual({ most: 7 });
    expect((await load('guard: { gate: { moist: 5 } }')).problems).toEqual([
      expect.stringContaining('unknown key "moist"; did you mean most?'),
    ]);
    expect((await load('guard: { gaet: {} }')).problems).toEqual([expect.stringContaining('unknown key "gaet"')]);
  });

  it('must exist when it is asked for', async () => {
    const sources: ConfigSources = { file: 'absent.yaml', variables: {}, workingDirectory: directory };
    expect((await readConfigFile(sources)).problems.map(formatConfigProblem)).toEqual([
      'absent.yaml: error: there is no such file; name another one with -c',
    ]);
  });

  it('is found in the working directory', async () => {
    writeFileSync(join(directory, 'config.yaml'), 'listen_port: 9\n');
    const read = await readConfigFile({ variables: {}, workingDirectory: directory });
    rmSync(join(directory, 'config.yaml'));
    expect(read.path).toBe(join(directory, 'config.yaml'));
  });

  it('reports all mistakes at once, each with its place and the nearest name', async () => {
    const { config, problems } = await load(
      'listen_prot: 1\nlisten_port: many\ndeduplication:\n  time_window_seconds: -1\nnotifiers:\n  webhook:\n    ur: x\n  slak: {}\nwatch_rules: [yes]\n',
    );
    expect(config).toBeUndefined();
    expect(problems).toHaveLength(6);
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^config.yaml:1:1: error: unknown key "listen_prot"; did you mean listen_port\?.* \(listen_prot\)$/,
        ),
        expect.stringMatching(/^config.yaml:2:14: error: must be a whole number, not "many" \(listen_port\)$/),
        expect.stringMatching(
          /^config.yaml:4:24: error: must be at least 0, not -1 \(deduplication.time_window_seconds\)$/,
        ),
        expect.stringMatching(/^config.yaml:7:5: error: unknown key "ur"; did you mean url\?/),
        expect.stringMatching(/^config.yaml:8:3: error: unknown key "slak"; did you mean slack\?/),
        expect.stringMatching(/^config.yaml:9:14: error: must be true or false, not a list/),
      ]),
    );
  });

  it('accepts quoted scalars, null for unset, and a list item without its list', async () => {
    const { config, problems } = await load(
      'listen_port: "2804"\nwatch_rules: "false"\ndeduplication:\ndefault_notifiers: null\nrules_files: /a.yaml\nnotifiers:\n  webhook:\n',
    );
    expect(problems).toEqual([]);
    expect(config?.host).toMatchObject({
      listen_port: 2804,
      watch_rules: false,
      deduplication: { time_window_seconds: 5 },
      default_notifiers: [],
      rules_files: ['/a.yaml'],
    });
  });

  it('accepts the names of earlier releases, in any case', async () => {
    const { config, problems } = await load(
      'listenAddress: 127.0.0.1\nlistenPort: 1\nrulesFile: /r.yaml\nwatchRules: false\nprintAllEvents: true\nlogFormat: json\nkubeConfig: /k\ndefaultNotifiers: [Webhook]\nnotifiers:\n  Webhook:\n    address: http://a\n    webhookmode: x\n',
    );
    expect(problems).toEqual([]);
    expect(config?.host).toMatchObject({
      listen_address: '127.0.0.1',
      listen_port: 1,
      rules_files: ['/r.yaml'],
      watch_rules: false,
      print_all_events: true,
      log_format: 'json',
      default_notifiers: ['Webhook'],
    });
    expect(config?.sections.clients.get('kubernetes')?.value).toEqual({ kubeconfig: '/k' });
    expect(config?.sections.notifiers.get('webhook')?.value).toEqual({
      url: 'http://a',
      webhook_mode: 'x',
      custom_headers: {},
    });
  });

  it('refuses a key that stands there under two names', async () => {
    const { problems } = await load('listen_port: 1\nlistenPort: 2\n');
    expect(problems).toEqual([
      'config.yaml:2:1: error: listenPort and listen_port (line 1) say the same; keep one of them (listenPort)',
    ]);
  });

  it('takes sections without an owner as they are', async () => {
    const { config, problems } = await load(
      'otel: {traces_enabled: false, anything: [1]}\naws:\nminio: {endpoint: null}\nnotifiers:\n  slack: {webhook_url: ""}\n  smtp: {hostport: null}\n',
    );
    expect(problems).toEqual([]);
    expect(config).toBeDefined();
  });

  it('leaves required keys to whoever is in use', async () => {
    const unset = {
      value: { custom_headers: {} },
      missing: [{ path: ['notifiers', 'webhook'], message: 'url is missing: where to' }],
    };
    const { config } = await load('notifiers:\n  webhook:\n    url:\n');
    expect(config?.sections.notifiers.get('webhook')).toEqual(unset);
    const rendered = await load('notifiers: {webhook: {url: ""}}\n');
    expect(rendered.config?.sections.notifiers.get('webhook')).toEqual(unset);
    expect(config?.sections.clients.get('cloud')?.missing).toHaveLength(1);
  });

  it('keeps a key called __proto__ an unknown key', async () => {
    const { problems } = await load('__proto__: {polluted: true}\n');
    expect(problems[0]).toContain('unknown key "__proto__"');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('must be a map', async () => {
    expect((await load('- a\n')).problems).toEqual([
      'config.yaml:1:1: error: the file must hold a map of keys and values',
    ]);
  });

  it('names both owners of a key', async () => {
    const other = defineClient({ ...cloud, id: 'other' });
    const both = buildRegistry([definePlugin({ name: 'p', category: 'c', clients: [cloud, other] })]);
    const { config, problems } = await load('', {}, both);
    expect(config).toBeUndefined();
    expect(problems[0]).toBe(
      'config key cloud.region is claimed by both client cloud and client other; load only one of them',
    );
  });

  it('offers the queues that are loaded', async () => {
    expect((await load('queue: {type: dsk}\n')).problems[0]).toMatch(
      /must be one of memory, disk, not "dsk"; did you mean disk\? \(queue.type\)$/,
    );
    expect((await load('queue: {type: disk, disk: {size: 9}}\n')).config).toMatchObject({ queueType: 'disk' });
  });

  it('has rules paths relative to itself, else to the working directory', async () => {
    writeFileSync(join(directory, 'beside.yaml'), '');
    const { config } = await load('rules_files: [beside.yaml, elsewhere.yaml]\n', { workingDirectory: '/nowhere' });
    expect(config?.host.rules_files).toEqual([join(directory, 'beside.yaml'), '/nowhere/elsewhere.yaml']);
  });

  it('is overridden by the flags', async () => {
    const { config } = await load('rules_files: [a]\nmode: enforce\n', { rulesFiles: ['/b'], observe: true });
    expect(config?.host).toMatchObject({ rules_files: ['/b'], mode: 'observe' });
  });

  it('does not repeat a secret that stands in the wrong place', async () => {
    for (const text of [
      'cloud: CANARY',
      'cloud: {key: [CANARY]}',
      'cloud: {headers: "A: CANARY"}',
      'cloud: [CANARY]',
    ]) {
      const { problems } = await load(`${text}\n`);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(/^config.yaml:1:\d+: error: must be .* \(cloud.*\)$/);
      expect(problems[0]).not.toContain('CANARY');
    }
    expect((await load('limits: text\n')).problems[0]).toContain('not "text"');
  });

  it('takes a secret from a file it names', async () => {
    writeFileSync(join(directory, 'key'), 's3cret\n');
    const { config, problems } = await load('cloud: {region: eu, key_file: /k, key: null}\n');
    expect(problems).toEqual([]);
    expect(config?.sections.clients.get('cloud')?.value).toEqual({ region: 'eu', key_file: '/k' });
    const token = await load('cloud: {token_file: key}\n');
    expect(token.problems).toEqual([]);
    expect(token.config?.sections.clients.get('cloud')?.value).toEqual({ token: 's3cret' });
    expect((await load('cloud: {token_file: null}\n')).config?.sections.clients.get('cloud')?.value).toEqual({});
  });

  it.each([
    ['{token_file: absent}', 'config.yaml:1:21: error: absent: there is no such file (cloud.token_file)'],
    ['{token_file: [a]}', 'config.yaml:1:21: error: must be the path of a file (cloud.token_file)'],
    [
      '{token: a, token_file: b}',
      'config.yaml:1:19: error: token_file and token (line 1) say the same; keep one of them (cloud.token_file)',
    ],
    ['{region_file: a}', 'config.yaml:1:9: error: unknown key "region_file"'],
  ])('says what is wrong with the file of a secret: %s', async (section, message) => {
    const { problems } = await load(`cloud: ${section}\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  it('says which rules files there are even when something else is wrong', async () => {
    expect((await load('rules_files: [/a]\nlisten_port: x\n')).rulesFiles).toEqual(['/a']);
  });

  it('names its plugins before anything else is judged', async () => {
    expect((await load('plugins: [a, ./b]\nunknown: 1\n')).list).toEqual(['a', './b']);
    expect((await load('plugins: a\n')).list).toEqual(['a']);
    expect((await load('plugins: [a]\n', { variables: { FALCO_TALON_PLUGINS: 'x, y' } })).list).toEqual(['x', 'y']);
    expect((await load('')).list).toBeUndefined();
  });
});
