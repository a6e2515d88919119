import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runIn } from './testing-run.ts';

const directory = mkdtempSync(join(tmpdir(), 'talon-config-'));
afterAll(() => rmSync(directory, { recursive: true }));
const secretFile = join(directory, 'secret');
writeFileSync(secretFile, 'https://example.org/CANARY\n');
const wrongSecretFile = join(directory, 'wrong-secret');
writeFileSync(wrongSecretFile, 'CANARY is no address');

type Variables = Readonly<Record<string, string>>;

async function talon(config: string, environment: Variables, ...argv: readonly string[]) {
  writeFileSync(join(directory, 'config.yaml'), config);
  writeFileSync(join(directory, 'rules.yaml'), '[]\n');
  return await runIn(directory, ['-c', 'config.yaml', ...argv], { environment });
}

interface Printed {
  readonly key: string;
  readonly value: unknown;
  readonly origin: string;
  readonly place?: string;
  readonly read?: false;
}
const printed = async (config: string, environment: Variables = {}, ...argv: readonly string[]) =>
  JSON.parse((await talon(config, environment, 'config', 'print', '-o', 'json', ...argv)).output) as readonly Printed[];

describe('config print', () => {
  const config = `listenPort: 2810
watch_rules: null
rules_files: a.yaml
notifiers:
  webhook:
    url_file: secret
    custom_headers: { authorization: CANARY, x-number: 5 }
  slack: { webhook_url: CANARY }
`;

  it('prints every value as YAML that loads again, and where it comes from', async () => {
    const { code, output, errors } = await talon(
      config,
      { LOGFORMAT: 'json' },
      'config',
      'print',
      '--rules',
      'rules.yaml',
    );
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const lines = output.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'listen_address: 0.0.0.0 # default',
        'listen_port: 2810 # config.yaml:1',
        'watch_rules: true # default',
        'rules_files: [ rules.yaml ] # flag --rules',
        'log_format: json # environment variable LOGFORMAT',
        '    url: "********" # config.yaml:6',
        '    custom_headers: { authorization: "********", x-number: "********" } # config.yaml:7',
        '  # slack is not read: no loaded plugin owns it; config.yaml:8',
      ]),
    );
    expect(parse(output)).toMatchObject({ listen_port: 2810, notifiers: { webhook: { http_method: 'POST' } } });
    const again = await talon(output.replace('"********"', 'https://example.org'), {}, 'config', 'print');
    expect(again).toMatchObject({ code: 0, errors: '' });
  });

  it('prints origins as data, and as a table', async () => {
    const values = await printed(config, { FALCO_TALON_MODE: 'observe' });
    const of = (key: string) => values.find((one) => one.key === key);
    expect(of('listen_port')).toEqual({ key: 'listen_port', value: 2810, origin: 'file', place: 'config.yaml:1' });
    expect(of('mode')).toEqual({ key: 'mode', value: 'observe', origin: 'environment', place: 'FALCO_TALON_MODE' });
    expect(of('log_level')).toEqual({ key: 'log_level', value: 'info', origin: 'default' });
    expect(of('notifiers.slack')).toEqual({
      key: 'notifiers.slack',
      read: false,
      origin: 'file',
      place: 'config.yaml:8',
    });
    const table = (await talon(config, {}, 'config', 'print', '-o', 'table')).output;
    expect(table).toMatch(/^KEY +ORIGIN +VALUE\n/);
    expect(table).toMatch(/^listen_port +config\.yaml:1 +2810$/m);
  });

  it('prints what there is when something is wrong, and says all of it', async () => {
    const { code, output, errors } = await talon(
      'listen_port: x\nmode: observe\nlimits: []\n',
      { WATCHRULES: 'maybe' },
      'config',
      'print',
    );
    expect(code).toBe(1);
    expect(output).toContain('mode: observe # config.yaml:2\n');
    expect(output).toContain('listen_port: x # config.yaml:1\n');
    expect(errors).toContain('config.yaml:1:14: error: must be a whole number, not "x" (listen_port)');
    expect(errors).toContain('(limits)');
    expect(errors).toContain('environment variable WATCHRULES: must be true or false');
  });

  it('writes what could steer a terminal as escapes', async () => {
    const { output } = await talon('listen_address: "a\\e[31m\\u202eb\\nc"\n', {}, 'config', 'print');
    expect(output).toContain('listen_address: "a\\u001b[31m\\u202eb\\nc" # config.yaml:1\n');
  });
});

it('every key can come from the environment, whether the file mentions it or not', async () => {
  const all = (await printed('')).filter(({ read }) => read !== false);
  expect(all).toContainEqual({
    key: 'plugins',
    value: expect.arrayContaining(['@falco-talon/queue-sqlite']),
    origin: 'default',
  });
  const values = all.filter(({ key }) => key !== 'plugins');
  const variables = new Map(
    [...values, { key: 'notifiers.webhook.url', value: 'https://a.example' }].map(({ key, value }) => {
      const name = `FALCO_TALON_${key.replaceAll('.', '_').toUpperCase()}`;
      if (Array.isArray(value)) return [name, 'a, b'];
      if (typeof value === 'object') return [name, '{"x-a": 5, "x-b": true}'];
      return [name, value === '' ? 'given' : String(value as string | number | boolean)];
    }),
  );
  expect(variables.size).toBeGreaterThan(30);
  const set = await printed('', Object.fromEntries(variables));
  expect(set.filter(({ origin }) => origin !== 'environment').map(({ key }) => key)).toEqual(['plugins']);
  expect(new Set(set.flatMap(({ place }) => place ?? []))).toEqual(new Set(variables.keys()));
});

it('flags win over the environment, that over the file, that over defaults', async () => {
  const rules = async (config: string, environment: Variables, ...argv: readonly string[]) =>
    (await printed(config, environment, ...argv)).find(({ key }) => key === 'rules_files');
  const file = 'rules_files: [/file]\n';
  const variable = { RULESFILE: '/old', FALCO_TALON_RULES_FILES: '/new' };
  expect(await rules('', {})).toMatchObject({ value: ['/etc/falco-talon/rules.yaml'], origin: 'default' });
  expect(await rules(file, {})).toMatchObject({ value: ['/file'], place: 'config.yaml:1' });
  expect(await rules(file, { RULESFILE: '/old' })).toMatchObject({ value: ['/old'], place: 'RULESFILE' });
  expect(await rules(file, variable)).toMatchObject({ value: ['/new'], place: 'FALCO_TALON_RULES_FILES' });
  expect(await rules(file, variable, '-r', '/flag')).toMatchObject({ value: ['/flag'], place: '--rules' });
});

describe('no secret is ever printed', () => {
  const webhook = (rest: string) => `notifiers:\n  webhook:\n    ${rest}\n`;
  const cases: readonly (readonly [string, string, Variables?])[] = [
    ['in its place', webhook('url: https://CANARY:CANARY@example.org/CANARY')],
    ['of a wrong form', webhook('url: CANARY is no address')],
    ['in a list', webhook('url: [CANARY]')],
    ['in a map', webhook('url: { CANARY_: x, a: CANARY }').replace('CANARY_: x, ', '')],
    ['in a header', webhook('custom_headers: { authorization: Bearer CANARY }')],
    ['in a header of a wrong form', webhook('custom_headers: { authorization: "CANARY\\n" }')],
    ['in place of the headers', webhook('custom_headers: CANARY')],
    ['in a list of headers', webhook('custom_headers: [CANARY]')],
    ['in place of a notifier', 'notifiers: { webhook: CANARY }'],
    ['in place of all notifiers', 'notifiers: CANARY'],
    ['in place of everything', 'CANARY'],
    [
      'in a section nobody owns',
      'notifiers: { slack: { webhook_url: CANARY, x: [CANARY, { y: CANARY }] } }\naws: { secret_key: CANARY }\nminio: CANARY',
    ],
    ['below a misspelt notifier', 'notifiers: { webhok: { url: CANARY } }'],
    ['below a misspelt key', webhook('ulr: CANARY')],
    ['below a misspelt section', 'awss: { secret_key: CANARY }\nx: [CANARY]'],
    [
      'beside a mistake in the same line',
      '{ notifiers: { webhook: { url: "https://CANARY" } }, listen_port: x, y: 1 }',
    ],
    [
      'on the line where a mistake is',
      '{ notifiers: { webhook: { url: "https://CANARY\n CANARY" } }, listen_port: x }',
    ],
    ['in a comment beside a mistake', 'listen_port: x # CANARY'],
    [
      'in an address where no secret belongs',
      'listen_address: http://u:CANARY@h\nlisten_port: http://u:CANARY@h\nmode: https://CANARY@h',
    ],
    ['given twice', `${webhook('url: https://CANARY')}    webhookurl: CANARY\n    URL: CANARY\n`],
    ['under two names', `${webhook('url: https://CANARY')}    url_file: ${secretFile}\n`],
    ['in a file', webhook(`url_file: ${secretFile}`)],
    ['of a wrong form in a file', webhook(`url_file: ${wrongSecretFile}`)],
    ['whose key was forgotten', '{ notifiers: { webhook: { https://example.org/CANARY, x: y } }, listen_port: x }'],
    ['behind a key without a colon', '{ notifiers: { webhook: { url CANARY } } }'],
    ['without its closing quote', webhook('url: "CANARY')],
    ['with text behind it', webhook('url: "a" CANARY')],
    ['with a colon too many', webhook('url: CANARY: CANARY')],
    ['that begins with a reserved character', webhook('url: @CANARY')],
    ['that is taken for a tag', webhook('url: !CANARY x')],
    ['that is taken for an anchor', webhook('url: *CANARY')],
    ['that is indented wrongly', `${webhook('url: x')}   y: CANARY\n`],
    ['in the environment', '', { FALCO_TALON_NOTIFIERS_WEBHOOK_URL: 'https://CANARY@example.org/CANARY' }],
    ['of a wrong form in the environment', '', { FALCO_TALON_NOTIFIERS_WEBHOOK_URL: 'CANARY' }],
    [
      'in headers of the environment',
      '',
      { FALCO_TALON_NOTIFIERS_WEBHOOK_CUSTOM_HEADERS: '{"authorization": "CANARY", "a": ["CANARY"]}' },
    ],
    ['in headers that are no JSON', '', { NOTIFIERS_WEBHOOK_CUSTOMHEADERS: 'authorization: CANARY' }],
    ['in a file of the environment', '', { FALCO_TALON_NOTIFIERS_WEBHOOK_URL_FILE: wrongSecretFile }],
    ['in an address of the environment', '', { FALCO_TALON_LISTEN_PORT: 'tcp://u:CANARY@h' }],
  ];

  it.each(cases.map(([what, config, environment = {}]) => ({ what, config, environment })))(
    '$what',
    async ({ config, environment }) => {
      for (const argv of [
        ['check'],
        ['config', 'print'],
        ['config', 'print', '-o', 'json'],
        ['config', 'print', '-o', 'table'],
      ]) {
        const { output, errors } = await talon(config, environment, ...argv, '-r', 'rules.yaml');
        expect(output + errors).not.toContain('CANARY');
      }
    },
  );
});
