import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startLanguageServer } from './language-server.ts';
import { makeFolder, root } from './talon.ts';

const server = await startLanguageServer();
const folder = await makeFolder();
afterAll(() => Promise.all([server.stop(), folder.remove()]));

type Kind = 'rules' | 'config';

let count = 0;

/** Lines that are wrong to the editor, and to `falco-talon check`. */
async function mistakes(kind: Kind, text: string, flags?: readonly string[]) {
  const modeline = `# yaml-language-server: $schema=${join(root, 'schemas', `${kind}.schema.json`)}\n`;
  const [config, rules] = [`config-${++count}.yaml`, `rules-${count}.yaml`];
  const files = { [config]: '', [rules]: '[]\n', [kind === 'rules' ? rules : config]: modeline + text };
  const [editor, check] = await Promise.all([
    server.open(folder.path, modeline + text),
    folder.talon(files, 'check', '-c', config, ...(flags ?? ['-r', rules])),
  ]);
  const complaints = check.errors.split('\n').filter((found) => !found.includes(': warning: '));
  return {
    editor: editor.diagnostics.filter(
      (found) => !found.includes('today this key is called') && !found.includes('has no such parameter'),
    ),
    complaints,
    check: new Set(complaints.map((line) => Number(/(?:rules|config)-\d+\.yaml:(\d+):/.exec(line)?.[1]))),
    code: check.code,
  };
}

describe.concurrent('what check accepts, an editor does not underline', () => {
  it.each([
    [
      'labels of any scalar',
      'rules',
      '{actionner: "kubernetes:label", parameters: {labels: {a: true, b: 5, c: 1.10, "d/e": ""}, level: }}',
    ],
    [
      'quoted booleans and numbers',
      'rules',
      '{actionner: "kubernetes:terminate", continue: "True", ignore_errors: "false", parameters: {grace_period_seconds: "5", ignore_daemonsets: "true", min_healthy_replicas: 33%}}',
    ],
    [
      'a number in place of a word',
      'rules',
      '{actionner: "kubernetes:terminate", parameters: {min_healthy_replicas: 2}}',
    ],
    [
      'keys without a value',
      'rules',
      '{actionner: "kubernetes:terminate", description: , parameters: , contexts: , output: , continue: , ignore_errors: }',
    ],
    ['the other name of contexts', 'rules', '{actionner: "kubernetes:cordon", additional_contexts: [k8snode]}'],
    ['parameters of a shared action', 'rules', '{action: Shared, parameters: {labels: {b: c}}}'],
    [
      'an action that takes output and parameters from the shared one',
      'rules',
      '{action: Kept, actionner: "kubernetes:download"}',
    ],
    ['another folder for the shared output', 'rules', '{action: Kept, output: {parameters: {destination: /tmp}}}'],
    [
      'a parameter of published examples',
      'rules',
      '{actionner: "kubernetes:download", parameters: {file: /a, tail_lines: 3}, output: {target: "local:file", parameters: {destination: /tmp}}}',
    ],
  ])('%s', async (_, kind, action) => {
    const shared = `- {action: Shared, actionner: "kubernetes:label", parameters: {labels: {a: b}}}
- {action: Kept, actionner: "kubernetes:download", parameters: {file: /a}, output: {target: "local:file", parameters: {destination: /a}}}\n`;
    const own = action.startsWith('{action:') ? action : action.replace('{', '{action: A, ');
    const { editor, complaints, code } = await mistakes(
      kind as Kind,
      `${shared}- rule: R\n  match: all\n  actions:\n    - ${own}\n`,
    );
    expect(code, complaints.join('\n')).toBe(0);
    expect(editor).toEqual([]);
  });

  it.each([
    [
      'all of match',
      'rules',
      '- rule: 5\n  description: true\n  continue: "FALSE"\n  dry_run: "false"\n  notifiers: [K8sEvents, WEBHOOK]\n  match: {rules: [5, true], priority: " >= info ", source: true, tags: ["a, b", 5, c], output_fields: ["a=b,c!=d"], condition: }\n  actions: [{action: 1, actionner: "kubernetes:cordon"}]\n',
    ],
    ['an empty match and no actions', 'rules', '- rule: R\n  match:\n  actions: \n- rule: S\n  match: {}\n'],
    [
      'macros and lists',
      'rules',
      '- list: l\n  items: [a, 5, true]\n- list: l\n  items: []\n  override: {items: append}\n- macro: m\n  condition: proc.name in (l)\n- macro: m\n  condition: or proc.name = x\n  append: "true"\n  override:\n',
    ],
    ['nothing', 'rules', '\n'],
    ['no configuration', 'config', '\n'],
    [
      'keys without a value',
      'config',
      'listen_port:\nnotifiers:\n  webhook:\n    url:\ndeduplication:\nrules_files:\nmode: null\n',
    ],
    [
      'quoted scalars',
      'config',
      'listen_port: "2804"\nwatch_rules: "False"\nshutdown_grace_period: "2.5"\nlisten_address: 127\n',
    ],
    ['one item without its list', 'config', 'rules_files: /a.yaml\ndefault_notifiers: k8sevents\n'],
    [
      'what charts render',
      'config',
      'notifiers: {webhook: {url: ""}, slack: {webhook_url: ""}, loki: {anything: [1]}}\notel: {x: 1}\naws: \n',
    ],
    [
      'names of earlier releases',
      'config',
      'listenAddress: 127.0.0.1\nLISTENPORT: 1\nrulesFile: /r.yaml\nwatchrules: false\nkubeConfig: /k\nNotifiers: {Webhook: {customHeaders: {a: 1}}}\n',
    ],
  ])('%s', async (_, kind, text) => {
    const { editor, complaints, code } = await mistakes(kind as Kind, text);
    expect(code, complaints.join('\n')).toBe(0);
    expect(editor).toEqual([]);
  });
});

/** What somebody may write by mistake, or not by mistake. */
const ODD = [
  null,
  true,
  false,
  'true',
  'False',
  'yes',
  0,
  1,
  -1,
  5.5,
  1e21,
  70_000,
  '5',
  '-1',
  '1e2',
  '5.5',
  '',
  ' ',
  'all',
  'x',
  '>=Notice',
  'notice',
  'kubernetes:log',
  'kubernetes:nothing',
  'local:file',
  'a=b',
  'a, b',
  'a,,b',
  'x'.repeat(300),
  [],
  [null],
  ['x'],
  [5, true],
  [[]],
  {},
  { x: 'y' },
  { target: 'local:file' },
] as const;

/** One change somewhere in the value: another value, a key less, a key more, a key of another name. */
const change = fc.record({
  /** Which part of the value, by its number; more than there are: counted from the start again. */
  at: fc.nat(1000),
  how: fc.oneof(
    fc.record({ value: fc.constantFrom<unknown>(...ODD) }),
    fc.record({ remove: fc.constant(true) }),
    fc.record({
      add: fc.constantFrom('x', 'name', 'append', 'parameters', 'continue', 'tail_lines', '__proto__'),
      value: fc.constantFrom<unknown>(...ODD),
    }),
  ),
});
type Change = {
  readonly at: number;
  readonly how: { readonly value?: unknown; readonly remove?: boolean; readonly add?: string };
};

function changed(root: unknown, { at, how }: Change): unknown {
  const copy = structuredClone({ root }) as Record<string, unknown>;
  const spots: (readonly [object, string])[] = [];
  const visit = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      spots.push([node, key]);
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(copy['root']);
  const [parent, key] = spots[at % spots.length]! as readonly [Record<string, unknown>, string];
  if (how.remove === true) delete parent[key];
  else if (how.add === undefined) parent[key] = how.value;
  else if (!Array.isArray(parent) && !Object.hasOwn(parent, how.add))
    Object.defineProperty(parent, how.add, { value: how.value, enumerable: true });
  return copy['root'];
}

/** A list with holes is a list with nulls in JSON. */
const line = (value: unknown) => JSON.stringify(value);

describe('what an editor underlines, check refuses', async () => {
  const blocks = parse(await readFile(join(root, 'examples/rules.yaml'), 'utf8')) as readonly {
    rule?: string;
    action?: string;
  }[];
  const extra = [
    {
      rule: 'More',
      match: {
        rules: ['a'],
        priority: 'Notice',
        source: 'syscall',
        tags: ['a'],
        output_fields: ['a=b'],
        condition: 'a.b = c',
      },
      continue: true,
      dry_run: false,
      notifiers: ['webhook'],
      description: 'd',
      actions: [
        {
          action: 'x',
          actionner: 'kubernetes:drain',
          contexts: ['k8snode'],
          parameters: { min_healthy_replicas: '33%', wait_period_excluded_namespaces: ['a'], max_wait_period: 5 },
          ignore_errors: true,
          continue: false,
        },
        {
          action: 'y',
          actionner: 'kubernetes:log',
          parameters: { container: 'a', tail_lines: 5 },
          output: { target: 'local:file', wait: true, parameters: { destination: '/tmp' } },
        },
      ],
    },
    { macro: 'm', condition: 'a.b = c', override: { condition: 'append' } },
    { list: 'l', items: ['a'], append: true },
  ];
  const shared = blocks.filter(({ action }) => action !== undefined);
  const bases = [...blocks, ...extra];

  it('in rules', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bases.length - 1), change), { minLength: 60, maxLength: 60 }),
        async (changes) => {
          // A block a line. Names differ, so that none is merged into another one.
          const mutants = changes.map(([base, one], index) => changed(renamed(bases[base]!, index), one));
          const text = [...shared, ...mutants].map((block) => `- ${line(block)}\n`).join('');
          const { editor, check, complaints } = await mistakes('rules', text);
          const unjust = editor.filter((found) => !check.has(Number.parseInt(found, 10)));
          expect(
            unjust.map((found) => `${found} ${text.split('\n')[Number.parseInt(found, 10) - 2]}`),
            complaints.join('\n'),
          ).toEqual([]);
        },
      ),
      { numRuns: 4, endOnFailure: true },
    );
  });

  it('in the configuration', async () => {
    const all = parse(await readFile(join(root, 'tools/editor/every-key.yaml'), 'utf8')) as Record<string, unknown>;
    const keys = Object.keys(all);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: keys.length, maxLength: keys.length }), async (changes) => {
        const lines = keys.map((key, index) => {
          const mutant = changed({ [key]: all[key] }, changes[index]!) as Record<string, unknown>;
          return key in mutant ? `${key}: ${line(mutant[key])}\n` : '\n';
        });
        const { editor, check, complaints } = await mistakes('config', lines.join(''), []);
        const unjust = editor.filter((found) => !check.has(Number.parseInt(found, 10)));
        expect(
          unjust.map((found) => `${found} ${lines[Number.parseInt(found, 10) - 2]}`),
          complaints.join('\n'),
        ).toEqual([]);
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });
});

function renamed(block: object, index: number): object {
  return Object.fromEntries(
    Object.entries(block).map(([key, value]) =>
      ['rule', 'action', 'macro', 'list'].includes(key)
        ? [key, `${String(value).replaceAll(/\W/g, '')}${index}`]
        : [key, value],
    ),
  );
}
