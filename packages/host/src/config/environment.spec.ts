import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { directory, load } from './testing-config.ts';

afterAll(() => rmSync(directory, { recursive: true }));

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
    expect(config?.host).toMatchObject({
      listen_port: 2,
      watch_rules: false,
      default_notifiers: ['webhook', 'k8sevents'],
    });
    expect(config?.host.deduplication.time_window_seconds).toBe(0);
    expect(config?.sections.notifiers.get('webhook')?.value).toMatchObject({
      url: 'b',
      custom_headers: { 'x-a': '1' },
    });
    expect(config?.sections.clients.get('cloud')).toEqual({ value: { region: 'eu' }, missing: [] });
  });

  it('knows the old names of old keys, after the new ones', async () => {
    const old = {
      LISTENADDRESS: '::1',
      LISTEN_PORT: '7',
      RULESFILE: '/r',
      NOTIFIERS_WEBHOOK_WEBHOOKMODE: 'm',
      NOTIFIERS_WEBHOOK_ADDRESS: 'u',
    };
    const { config } = await load('', { variables: old });
    expect(config?.host).toMatchObject({ listen_address: '::1', listen_port: 7, rules_files: ['/r'] });
    expect(config?.sections.notifiers.get('webhook')?.value).toMatchObject({ url: 'u', webhook_mode: 'm' });
    const both = await load('', { variables: { ...old, FALCO_TALON_LISTEN_PORT: '8' } });
    expect(both.config?.host.listen_port).toBe(8);
  });

  it('has no unprefixed names for keys the first releases did not know', async () => {
    const { config } = await load('', {
      variables: { MODE: 'observe', PLUGINS: 'x', DATA_DIRECTORY: '/x', CLOUD_REGION: 'x' },
    });
    expect(config?.host).toMatchObject({ mode: 'enforce', data_directory: '' });
    expect(config?.sections.clients.get('cloud')?.value).toEqual({});
  });

  it('never makes a variable nobody knows an error', async () => {
    // Kubernetes sets these for a Service called falco-talon.
    const variables = {
      FALCO_TALON_PORT: 'tcp://10.0.0.1:2803',
      FALCO_TALON_SERVICE_HOST: '10.0.0.1',
      FALCO_TALON_NONSENSE: 'x',
    };
    expect((await load('', { variables })).problems).toEqual([]);
  });

  it('counts an empty variable as not set', async () => {
    expect(
      (await load('listen_port: 3\n', { variables: { FALCO_TALON_LISTEN_PORT: '' } })).config?.host.listen_port,
    ).toBe(3);
  });

  it('is named in its mistakes', async () => {
    expect((await load('', { variables: { LISTENPORT: 'x' } })).problems).toEqual([
      'environment variable LISTENPORT: must be a whole number, not "x" (listen_port)',
    ]);
  });

  it('has lists and maps as JSON, too', async () => {
    const { config, problems } = await load('', {
      variables: {
        FALCO_TALON_RULES_FILES: ' ["/a,b", "/c"]',
        FALCO_TALON_DEFAULT_NOTIFIERS: '[]',
        FALCO_TALON_NOTIFIERS_WEBHOOK_CUSTOM_HEADERS: '{"x-a": 12345678901234567890, "x-b": true, "__proto__": "c"}',
      },
    });
    expect(problems).toEqual([]);
    expect(config?.host).toMatchObject({ rules_files: ['/a,b', '/c'], default_notifiers: [] });
    const headers = config?.sections.notifiers.get('webhook')?.value['custom_headers'];
    expect(JSON.stringify(headers)).toBe('{"x-a":"12345678901234567890","x-b":"true","__proto__":"c"}');
  });

  it.each([
    ['RULESFILE', '[a, b]', 'begins with [ and is no list in JSON: ["a", "b"]; or write a, b (rules_files)'],
    ['FALCO_TALON_RULES_FILES', '["a", [2]]', 'must be a text, not a list (rules_files[1])'],
    ['FALCO_TALON_CLOUD_HEADERS', 'CANARY', 'must be a map written as JSON: {"key": "value"} (cloud.headers)'],
    ['FALCO_TALON_CLOUD_HEADERS', '["CANARY"]', 'must be a map written as JSON: {"key": "value"} (cloud.headers)'],
    ['FALCO_TALON_CLOUD_HEADERS', '{"a": ["CANARY"]}', 'must be a text, not a list (cloud.headers.a)'],
  ])('says what is wrong with %s=%s', async (variable, text, message) => {
    const { problems } = await load('', { variables: { [variable]: text } });
    expect(problems).toEqual([`environment variable ${variable}: ${message}`]);
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
    expect(missing.problems[0]).toMatch(
      /^environment variable FALCO_TALON_NOTIFIERS_WEBHOOK_URL_FILE: .*\/no: there is no such file \(notifiers.webhook.url\)$/,
    );

    const endless = await load('', { variables: { FALCO_TALON_NOTIFIERS_WEBHOOK_URL_FILE: '/dev/zero' } });
    expect(endless.problems[0]).toMatch(/\/dev\/zero is larger than 1048576 bytes/);

    const twice = await load('', {
      variables: { FALCO_TALON_NOTIFIERS_WEBHOOK_URL_FILE: secret, FALCO_TALON_NOTIFIERS_WEBHOOK_URL: 'x' },
    });
    expect(twice.problems[0]).toContain('set only one of them');
  });

  it('gives a key that ends in _file its own value', async () => {
    const { config } = await load('', {
      variables: { FALCO_TALON_CLOUD_KEY_FILE: '/path', FALCO_TALON_CLOUD_REGION: 'r' },
    });
    expect(config?.sections.clients.get('cloud')?.value).toEqual({ region: 'r', key_file: '/path' });
  });
});
