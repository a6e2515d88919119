import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defineClient, defineNotifier, definePlugin, defineQueue, strictObject, Type } from '@falco-talon/core';
import { buildRegistry } from '@falco-talon/engine';
import { loadConfig, pluginList, readConfigFile, type ConfigSources } from './load-config.ts';
import { formatConfigProblem } from './origins.ts';

const directory = mkdtempSync(join(tmpdir(), 'talon-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

const kubernetes = defineClient({
  id: 'kubernetes',
  section: '',
  settings: strictObject({ kubeconfig: Type.String({ default: '' }) }),
  create: async () => ({}),
});
const cloud = defineClient({
  id: 'cloud',
  section: 'cloud',
  settings: strictObject({ region: Type.String(), key_file: Type.Optional(Type.String()), key: Type.Optional(Type.String()) }),
  create: async () => ({}),
});
const webhook = defineNotifier({
  name: 'webhook',
  description: 'd',
  settings: strictObject({
    url: Type.String({ description: 'where to' }),
    webhook_mode: Type.Optional(Type.String()),
    custom_headers: Type.Record(Type.String(), Type.String(), { default: {} }),
  }),
  oldNames: { address: 'url' },
  notify: async () => {},
});
const disk = defineQueue({
  name: 'disk',
  description: 'd',
  durable: true,
  settings: strictObject({ size: Type.Integer({ default: 7 }) }),
  open: () => Promise.reject(new Error('not opened')),
});
const registry = buildRegistry([
  definePlugin({ name: 'some-plugin', category: 'some', clients: [kubernetes, cloud], notifiers: [webhook], queues: [disk] }),
]);

let files = 0;
async function load(text: string, sources: Partial<ConfigSources> = {}, of = registry) {
  const file = join(directory, `config-${files++}.yaml`);
  writeFileSync(file, text);
  const all: ConfigSources = { file, variables: {}, workingDirectory: directory, ...sources };
  const read = await readConfigFile(all);
  const loaded = loadConfig(read, all, of);
  const problems = [...read.problems, ...loaded.problems].map((problem) => formatConfigProblem(problem).replace(`${file}`, 'config.yaml'));
  return { ...loaded, problems, list: pluginList(read, all) };
}

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
  });

  it('must exist when it is asked for', async () => {
    const sources: ConfigSources = { file: 'absent.yaml', variables: {}, workingDirectory: directory };
    expect((await readConfigFile(sources)).problems.map(formatConfigProblem)).toEqual(['absent.yaml: there is no such file']);
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
    expect(problems).toEqual(expect.arrayContaining([
      expect.stringMatching(/^config.yaml:1:1: listen_prot: unknown key "listen_prot"; did you mean listen_port\?/),
      expect.stringMatching(/^config.yaml:2:14: listen_port: must be a whole number, not "many"/),
      expect.stringMatching(/^config.yaml:4:24: deduplication.time_window_seconds: must be at least 0/),
      expect.stringMatching(/^config.yaml:7:5: notifiers.webhook.ur: unknown key "ur"; did you mean url\?/),
      expect.stringMatching(/^config.yaml:8:3: notifiers.slak: unknown key "slak"; did you mean slack\?/),
      expect.stringMatching(/^config.yaml:9:14: watch_rules: must be true or false, not a list/),
    ]));
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
    expect(config?.sections.notifiers.get('webhook')?.value).toEqual({ url: 'http://a', webhook_mode: 'x', custom_headers: {} });
  });

  it('refuses a key that stands there under two names', async () => {
    const { problems } = await load('listen_port: 1\nlistenPort: 2\n');
    expect(problems).toEqual(['config.yaml:2:1: listenPort: "listenPort" is another name of listen_port, which stands here already']);
  });

  it('takes sections without an owner as they are', async () => {
    const { config, problems } = await load(
      'otel: {traces_enabled: false, anything: [1]}\naws:\nminio: {endpoint: null}\nnotifiers:\n  slack: {webhook_url: ""}\n  smtp: {hostport: null}\n',
    );
    expect(problems).toEqual([]);
    expect(config).toBeDefined();
  });

  it('leaves required keys to whoever is in use', async () => {
    const { config } = await load('notifiers:\n  webhook:\n    url:\n');
    expect(config?.sections.notifiers.get('webhook')).toEqual({
      value: { custom_headers: {} },
      missing: [{ path: ['notifiers', 'webhook'], message: 'url is missing: where to' }],
    });
    expect(config?.sections.clients.get('cloud')?.missing).toHaveLength(1);
  });

  it('keeps a key called __proto__ an unknown key', async () => {
    const { problems } = await load('__proto__: {polluted: true}\n');
    expect(problems[0]).toContain('unknown key "__proto__"');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('must be a map', async () => {
    expect((await load('- a\n')).problems).toEqual(['config.yaml:1:1: the file must hold a map of keys and values']);
  });

  it('names both owners of a key', async () => {
    const other = defineClient({ ...cloud, id: 'other' });
    const both = buildRegistry([definePlugin({ name: 'p', category: 'c', clients: [cloud, other] })]);
    const { config, problems } = await load('', {}, both);
    expect(config).toBeUndefined();
    expect(problems[0]).toBe('config key cloud.region is claimed by both client cloud and client other; load only one of them');
  });

  it('offers the queues that are loaded', async () => {
    expect((await load('queue: {type: dsk}\n')).problems[0]).toMatch(/queue.type: must be one of memory, disk, not "dsk"; did you mean disk\?/);
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

describe('the environment', () => {
  it('wins over the file, for keys the file does not mention too', async () => {
    const { config, problems } = await load('listen_port: 1\nnotifiers: {webhook: {url: a}}\n', {
      variables: {
        FALCO_TALON_LISTEN_PORT: '2',
        FALCO_TALON_NOTIFIERS_WEBHOOK_URL: 'b',
        FALCO_TALON_WATCH_RULES: 'false',
        FALCO_TALON_DEFAULT_NOTIFIERS: 'webhook, k8sevents,',
        FALCO_TALON_CLOUD_REGION: 'eu',
        FALCO_TALON_DEDUPLICATION_TIME_WINDOW_SECONDS: '0',
        FALCO_TALON_NOTIFIERS_WEBHOOK_CUSTOM_HEADERS: '{"x-a": "1"}',
      },
    });
    expect(problems).toEqual([]);
    expect(config?.host).toMatchObject({ listen_port: 2, watch_rules: false, default_notifiers: ['webhook', 'k8sevents'] });
    expect(config?.host.deduplication.time_window_seconds).toBe(0);
    expect(config?.sections.notifiers.get('webhook')?.value).toMatchObject({ url: 'b', custom_headers: { 'x-a': '1' } });
    expect(config?.sections.clients.get('cloud')).toEqual({ value: { region: 'eu' }, missing: [] });
  });

  it('knows the old names of old keys, after the new ones', async () => {
    const old = { LISTENADDRESS: '::1', LISTEN_PORT: '7', RULESFILE: '/r', NOTIFIERS_WEBHOOK_WEBHOOKMODE: 'm', NOTIFIERS_WEBHOOK_ADDRESS: 'u' };
    const { config } = await load('', { variables: old });
    expect(config?.host).toMatchObject({ listen_address: '::1', listen_port: 7, rules_files: ['/r'] });
    expect(config?.sections.notifiers.get('webhook')?.value).toMatchObject({ url: 'u', webhook_mode: 'm' });
    const both = await load('', { variables: { ...old, FALCO_TALON_LISTEN_PORT: '8' } });
    expect(both.config?.host.listen_port).toBe(8);
  });

  it('has no unprefixed names for keys the first releases did not know', async () => {
    const { config } = await load('', { variables: { MODE: 'observe', PLUGINS: 'x', DATA_DIRECTORY: '/x', CLOUD_REGION: 'x' } });
    expect(config?.host).toMatchObject({ mode: 'enforce', data_directory: '' });
    expect(config?.sections.clients.get('cloud')?.value).toEqual({});
  });

  it('never makes a variable nobody knows an error', async () => {
    // Kubernetes sets these for a Service called falco-talon.
    const variables = { FALCO_TALON_PORT: 'tcp://10.0.0.1:2803', FALCO_TALON_SERVICE_HOST: '10.0.0.1', FALCO_TALON_NONSENSE: 'x' };
    expect((await load('', { variables })).problems).toEqual([]);
  });

  it('counts an empty variable as not set', async () => {
    expect((await load('listen_port: 3\n', { variables: { FALCO_TALON_LISTEN_PORT: '' } })).config?.host.listen_port).toBe(3);
  });

  it('is named in its mistakes', async () => {
    expect((await load('', { variables: { LISTENPORT: 'x' } })).problems).toEqual([
      'environment variable LISTENPORT: listen_port: must be a whole number, not "x"',
    ]);
  });

  it('leaves a list of kubeconfigs to the client', async () => {
    const one = await load('', { variables: { KUBECONFIG: '/a' } });
    expect(one.config?.sections.clients.get('kubernetes')?.value).toEqual({ kubeconfig: '/a' });
    const two = await load('', { variables: { KUBECONFIG: '/a:/b' } });
    expect(two.config?.sections.clients.get('kubernetes')?.value).toEqual({ kubeconfig: '' });
  });

  it('names files with secrets', async () => {
    const secret = join(directory, 'secret');
    writeFileSync(secret, 's3cret\n');
    const { config } = await load('', { variables: { FALCO_TALON_NOTIFIERS_WEBHOOK_URL_FILE: secret } });
    expect(config?.sections.notifiers.get('webhook')?.value).toMatchObject({ url: 's3cret' });

    const missing = await load('', { variables: { FALCO_TALON_NOTIFIERS_WEBHOOK_URL_FILE: join(directory, 'no') } });
    expect(missing.problems[0]).toMatch(/^environment variable FALCO_TALON_NOTIFIERS_WEBHOOK_URL_FILE: .*cannot be read/);

    const twice = await load('', {
      variables: { FALCO_TALON_NOTIFIERS_WEBHOOK_URL_FILE: secret, FALCO_TALON_NOTIFIERS_WEBHOOK_URL: 'x' },
    });
    expect(twice.problems[0]).toContain('set only one of them');
  });

  it('gives a key that ends in _file its own value', async () => {
    const { config } = await load('', { variables: { FALCO_TALON_CLOUD_KEY_FILE: '/path', FALCO_TALON_CLOUD_REGION: 'r' } });
    expect(config?.sections.clients.get('cloud')?.value).toEqual({ region: 'r', key_file: '/path' });
  });
});
