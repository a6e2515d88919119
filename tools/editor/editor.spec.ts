import { existsSync } from 'node:fs';
import { glob, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startLanguageServer, type OpenDocument } from './language-server.ts';
import { makeFolder, root } from './talon.ts';

const examples = join(root, 'examples');
// It waits a fifth of a second before it looks at a document: so they are opened side by side.
const server = await startLanguageServer();
afterAll(() => server.stop());

const modeline = (kind: string) => `# yaml-language-server: $schema=../schemas/${kind}.schema.json\n`;

/** What the server says where `|` stands in the text. */
async function at<T>(
  kind: string,
  text: string,
  ask: (document: OpenDocument, line: number, character: number) => Promise<T>,
): Promise<T> {
  const lines = `${modeline(kind)}${text}`.split('\n');
  const line = lines.findIndex((one) => one.includes('|'));
  const document = await server.open(examples, lines.join('\n').replace('|', ''));
  return ask(document, line, lines[line]!.indexOf('|'));
}
const offered = (kind: string, text: string) =>
  at(kind, text, (document, line, character) => document.complete(line, character));
const hover = (kind: string, text: string) =>
  at(kind, text, (document, line, character) => document.hover(line, character));
const wrong = async (kind: string, text: string) => (await server.open(examples, modeline(kind) + text)).diagnostics;

const action = (rest: string) => `- rule: r\n  actions:\n    - action: a\n      ${rest}`;

describe.concurrent('examples', async () => {
  const files: string[] = [];
  for await (const file of glob('**/*.{yaml,yml}', {
    cwd: examples,
    exclude: ['**/node_modules/**', '**/kustomization.yaml'],
  }))
    files.push(file);

  it.each(files)('%s begins with a line that leads to its schema, and fits it', async (file) => {
    const path = join(examples, file);
    const text = await readFile(path, 'utf8');
    const schema = /^# yaml-language-server: \$schema=(\S+\/schemas\/\w+\.schema\.json)\n/.exec(text)?.[1];
    expect(schema, 'the first line must be: # yaml-language-server: $schema=…/schemas/….schema.json').toBeDefined();
    expect(existsSync(join(dirname(path), schema!))).toBe(true);
    expect((await server.open(dirname(path), text)).diagnostics).toEqual([]);
  });
});

it('the line of JetBrains leads to the schema, too', async () => {
  const { diagnostics } = await server.open(examples, '# $schema: ../schemas/rules.schema.json\n- ruel: r\n');
  expect(diagnostics).toHaveLength(1);
});

describe.concurrent('an editor completes', () => {
  it.each([
    ['a block', '- |', ['rule', 'action', 'macro', 'list']],
    ['the keys of a rule', '- rule: r\n  |', ['description', 'match', 'actions', 'continue', 'dry_run', 'notifiers']],
    ['criteria', '- rule: r\n  match:\n    |', ['rules', 'priority', 'source', 'tags', 'output_fields', 'condition']],
    ['actionners', action('actionner: |'), ['kubernetes:label', 'calico:networkpolicy']],
    ['parameters', action('actionner: kubernetes:label\n      parameters:\n        |'), ['labels', 'level']],
    [
      'values of parameters',
      action('actionner: kubernetes:label\n      parameters:\n        level: |'),
      ['pod', 'node'],
    ],
    ['booleans', action('ignore_errors: |'), ['true', 'false']],
    ['contexts', action('contexts:\n        - |'), ['k8snode']],
    ['outputs', action('actionner: kubernetes:log\n      output:\n        target: |'), ['local:file']],
    [
      'parameters of outputs',
      action('output:\n        target: local:file\n        parameters:\n          |'),
      ['destination'],
    ],
    ['notifiers', '- rule: r\n  notifiers:\n    - |', ['k8sevents', 'webhook']],
    ['priorities', '- rule: r\n  match:\n    priority: |', ['Notice', '">=Notice"']],
  ])('%s', async (_, text, expected) => {
    expect(await offered('rules', text)).toEqual(expect.arrayContaining(expected));
  });

  it('nothing that is of another actionner, and no words for texts', async () => {
    const parameters = await offered('rules', action('actionner: kubernetes:cordon\n      parameters:\n        |'));
    expect(parameters).not.toContain('labels');
    expect(await offered('rules', action('actionner: kubernetes:exec\n      parameters:\n        command: |'))).toEqual(
      [],
    );
  });

  it('the configuration', async () => {
    expect(await offered('config', '|')).toEqual(
      expect.arrayContaining(['listen_port', 'rules_files', 'notifiers', 'kubeconfig']),
    );
    expect(await offered('config', 'notifiers:\n  |')).toContain('webhook');
    expect(await offered('config', 'mode: |')).toEqual(expect.arrayContaining(['enforce', 'observe']));
    expect(await offered('config', '|')).not.toContain('rulesFile');
    expect(await offered('config', 'default_notifiers:\n  - |')).toContain('webhook');
    expect(await offered('config', 'notifiers:\n  webhook:\n    |')).toEqual(
      expect.arrayContaining(['url', 'url_file', 'custom_headers']),
    );
    expect(await wrong('config', 'notifiers: { webhook: { url_file: /run/secrets/url } }')).toEqual([]);
  });
});

describe.concurrent('in test files an editor', () => {
  const test = (rest: string) =>
    `tests:\n  - test: t\n    event: { rule: r }\n    expect:\n      - rule: r\n        ${rest}`;

  it('completes keys and names, and accepts others', async () => {
    expect(await offered('tests', '|')).toEqual(expect.arrayContaining(['rules', 'tests']));
    expect(await offered('tests', test('|'))).toEqual(expect.arrayContaining(['actions', 'notifiers', 'dry_run']));
    expect(await offered('tests', test('actions:\n          - action: a\n            actionner: |'))).toContain(
      'kubernetes:label',
    );
    expect(
      await wrong('tests', test('actions: [a, { action: b, actionner: "no:such", parameters: { a: 1 } }]')),
    ).toEqual([]);
    expect(await wrong('tests', 'tests:\n  - { test: t, event: { rule: 5 }, expect: none }\n')).toEqual([]);
  });

  it('underlines what is wrong', async () => {
    expect(await wrong('tests', test('notifier: [a]'))).toEqual(['7:9 Property notifier is not allowed.']);
    expect(await wrong('tests', 'tests:\n  - test: t\n')).toEqual(['3:5 Missing property "expect".']);
  });
});

describe.concurrent('hovering shows', () => {
  it.each([
    [
      'what an actionner does',
      'rules',
      action('actionner: kubernetes:ter|minate'),
      /`kubernetes:terminate`: Deletes the pod/,
    ],
    [
      'what a parameter means, and its default',
      'rules',
      action('actionner: kubernetes:label\n      parameters:\n        le|vel: pod'),
      /the node it runs on\\?\. Default: "pod"/,
    ],
    [
      'whose parameters these are',
      'rules',
      action('actionner: kubernetes:label\n      para|meters:\n        level: pod'),
      /Parameters of kubernetes:label/,
    ],
    ['what a key means without an actionner', 'rules', action('cont|inue: true'), /the actionner's own/],
    ['the environment variable of a key', 'config', 'listen_p|ort: 1', /FALCO/],
  ])('%s', async (_, kind, text, expected) => {
    expect((await hover(kind, text)).replaceAll('\\', '')).toMatch(expected);
  });
});

describe.concurrent('an editor underlines', () => {
  it.each([
    ['an unknown actionner', action('actionner: kubernetes:labl'), '5:18 Value is not accepted. Valid values: '],
    [
      'an unknown parameter',
      action('actionner: kubernetes:label\n      parameters:\n        levl: pod'),
      '7:9 Property levl is not allowed.',
    ],
    [
      'a value out of bounds',
      action('actionner: kubernetes:terminate\n      parameters:\n        grace_period_seconds: -1'),
      '7:31 Value is below the minimum of 0.',
    ],
    [
      'a wrong type',
      action('actionner: kubernetes:label\n      parameters:\n        labels: [a]'),
      '7:17 Incorrect type.',
    ],
    [
      'a word that is none of the values',
      action('actionner: kubernetes:label\n      parameters:\n        level: pood'),
      '7:16 Value is not accepted. Valid values: "pod", "node"',
    ],
    [
      'an output of an actionner that takes none',
      action('actionner: kubernetes:label\n      output:\n        target: local:file'),
      '7:9 kubernetes:label has nothing to store',
    ],
    ['an unknown output', action('output:\n        target: local:fil'), '6:17 Value is not accepted.'],
    ['an unknown context', action('contexts: [k8snod]'), '5:18 Value is not accepted.'],
    ['an unknown notifier', '- rule: r\n  notifiers: [webhok]', '3:15 Value is not accepted.'],
    ['an unknown criterion', '- rule: r\n  match:\n    tag: [a]', '4:5 Property tag is not allowed.'],
    ['a priority without a word', '- rule: r\n  match:\n    priority: ">="', '4:15 Value is not accepted.'],
    ['a wrong word for match', '- rule: r\n  match: any', '3:10 a map of criteria, or the word all, for every event'],
    ['a comparison that is none', '- rule: r\n  match:\n    output_fields: [a]', '4:21 write it as in '],
    ['a comma too many', '- rule: r\n  match:\n    tags: ["a,,b"]', '4:12 a tag is missing beside a comma'],
    ['a block of no kind', '- ruel: r', '2:3 a block begins with - rule:'],
    ['a macro without a condition', '- macro: m', '2:3 Missing property "condition".'],
  ])('%s', async (_, text, expected) => {
    const found = await wrong('rules', text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it.each([
    ['listen_prot: 1', '2:1 Property listen_prot is not allowed.'],
    ['listen_port: many', '2:14 must be a whole number'],
    ['listen_port: 65536', '2:14 Value is above the maximum of 65535.'],
    ['mode: enforced', '2:7 Value is not accepted.'],
    ['notifiers: { slak: {} }', '2:14 Property slak is not allowed.'],
    ['listenPort: 1', '2:1 today this key is called listen_port'],
  ])('in the configuration: %s', async (text, expected) => {
    const found = await wrong('config', text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });
});

describe('with a plugin of somebody else', async () => {
  const folder = await makeFolder();
  afterAll(() => folder.remove());
  const config = `plugins: [${JSON.stringify(join(examples, 'plugin-hello'))}]\n`;
  for (const kind of ['rules', 'config']) {
    const { output } = await folder.talon({ 'config.yaml': config }, 'schema', kind);
    await writeFile(join(folder.path, `${kind}.schema.json`), output);
  }
  const open = (kind: string, text: string) =>
    server.open(folder.path, `# yaml-language-server: $schema=${kind}.schema.json\n${text}`);

  it('its actionner and its parameters are known', async () => {
    const hello = await open('rules', action('actionner: hello:greet\n      parameters:\n        title: dear pod'));
    expect(hello.diagnostics).toEqual([]);
    expect(await hello.complete(4, 17)).toEqual(['hello:greet', 'null']);
    expect(await hello.hover(6, 10)).not.toBe('');
    expect((await open('rules', action('actionner: kubernetes:label'))).diagnostics).toHaveLength(1);
    expect((await open('rules', action('actionner: hello:greet\n      parameters: { titel: x }'))).diagnostics).toEqual(
      ['6:21 Property titel is not allowed.'],
    );
  });

  it('its section of the configuration is known', async () => {
    expect((await open('config', `${config}hello:\n  greeting: Good morning\n`)).diagnostics).toEqual([]);
    expect((await open('config', 'hello: { greting: x }')).diagnostics).toEqual([
      '2:10 Property greting is not allowed.',
    ]);
  });

  it('no schema is printed while a plugin does not load', async () => {
    const { code, output, errors } = await folder.talon(
      { 'config.yaml': 'plugins: [./absent.js]\n' },
      'schema',
      'rules',
    );
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toContain('plugin ./absent.js');
  });
});
