import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBashLine, quoteForBash } from './bash-line.ts';
import { run } from './testing-program.ts';

/** Names that must stay names, whatever a shell makes of them. */
const HOSTILE = ['$(touch x)', "it's", '"; rm', '`x`', '~', '#x', 'a\\b', '!!', '{a,b}', 'ü ñ'];
const RULES = HOSTILE.map(
  (name) => `- rule: ${JSON.stringify(name)}\n  match: { rules: [${JSON.stringify(`F ${name}`)}] }\n`,
).join('');
const FILES = { 'config.yaml': 'rules_files: [rules.yaml]\n', 'rules.yaml': RULES };
const BREAKS = ` \t\n"'@><=;|&(:`;

/** What bash is given for this line. */
async function bash(line: string, files: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await run(['__complete', 'bash', `falco-talon ${line}`, BREAKS], files);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [kind, ...values] = stdout.trimEnd().split('\n');
  return kind === 'files' ? kind : values;
}

describe('completion', () => {
  it.each([
    ['se', ['server']],
    ['rules pr', ['print']],
    ['-c x rules pr', ['print']],
    ['--config=x rules pr', ['print']],
    ['server --dry', ['--dry-run']],
    ['server --dry-run --dry', []],
    ['-r a -r b --rul', ['--rules']],
    ['explain --output ', ['text', 'json', 'yaml']],
    ['explain --output=j', ['json']],
    ['actionners list -o ', ['yaml', 'json', 'table']],
    ['completion f', ['fish']],
    ['completion fish ', expect.arrayContaining(['--help'])],
    ['help expl', ['explain']],
    ['help rules che', ['check']],
    ['server --he', ['--help']],
    ['--ver', ['--version']],
    ['check -- --c', []],
    ['nonsense ', []],
    ['test-alert --url ', []],
    ['-r ', 'files'],
    ['--rules=', 'files'],
    ['explain --event a', 'files'],
    ['actionners show ', ['test:note']],
    ['actionners show test:n', ['note']],
    ['outputs show te', ['test:shelf']],
    ['notifiers show ', ['bell']],
  ])('%j', async (line, expected) => {
    expect(await bash(line)).toEqual(expected);
  });

  it('says what each word is for where the shell shows it', async () => {
    const zsh = await run(['__complete', 'zsh', 'actionners', 'show', '']);
    expect(zsh.stdout).toBe('words\ntest:note\tNotes a text.\n');
    const fish = await run(['__complete', 'fish', 'explain', '--output=']);
    expect(fish.stdout).toBe('words\n--output=text\n--output=json\n--output=yaml\n');
  });

  it('knows the rules of the files on the line, else of the config, without loading a plugin of it', async () => {
    const names = await bash('test-alert --rule ', FILES);
    expect(names).toHaveLength(HOSTILE.length);
    expect(
      await bash('-r other.yaml rules print ', { ...FILES, 'other.yaml': '- rule: Other\n- action: x\n- 1\n' }),
    ).toEqual(['Other']);
    expect(await bash('explain --rule O', { ...FILES, 'rules.yaml': '- rule: Other\n' })).toEqual(['Other']);
    const files = {
      ...FILES,
      'config.yaml': 'plugins: [./evil.mjs]\nrules_files: [rules.yaml]\n',
      'evil.mjs': 'globalThis.evil = true;',
    };
    expect(await bash('test-alert --rule ', files)).toHaveLength(HOSTILE.length);
    expect(await bash('actionners show ', files)).toEqual(['test:note']);
    expect(globalThis).not.toHaveProperty('evil');
  });

  it.each([['-r no.yaml'], ['-c no.yaml'], ['-r bad.yaml'], ['-r .']])(
    'is silent when there are no names: %s',
    async (option) => {
      expect(await bash(`${option} rules print `, { 'bad.yaml': '"' })).toEqual([]);
    },
  );

  it('offers nothing that cannot be typed', async () => {
    const rules = '- rule: "a\\nb"\n- rule: "a\\u001bb"\n- rule: "a\\u202eb"\n- rule: fine\n';
    expect(await bash('-r r.yaml rules print ', { 'r.yaml': rules })).toEqual(['fine']);
  });

  it('reads no pipe, which may wait for a writer', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'completion-'));
    mkdirSync(join(directory, 'rules'));
    writeFileSync(join(directory, 'rules', 'a.yaml'), '- rule: A\n');
    expect(await bash(`-r /dev/stdin -r ${directory}/rules rules print `)).toEqual(['A']);
    rmSync(directory, { recursive: true });
  });
});

describe('a line of bash', () => {
  it.each([
    ['a b', { before: ['a'], current: 'b', kept: 0, quote: '' }],
    ['a ', { before: ['a'], current: '', kept: 0, quote: '' }],
    [`a 'b c`, { before: ['a'], current: 'b c', kept: 0, quote: "'" }],
    [`'a b'"c d" e`, { before: ['a bc d'], current: 'e', kept: 0, quote: '' }],
    ['a\\ b c\\', { before: ['a b'], current: 'c\\', kept: 0, quote: '' }],
    [`a --x="b c`, { before: ['a'], current: '--x=b c', kept: 4, quote: '"' }],
    ['a x:y', { before: ['a'], current: 'x:y', kept: 2, quote: '' }],
    ['a x\\:y', { before: ['a'], current: 'x:y', kept: 0, quote: '' }],
    [`"\\$x \\y" z`, { before: ['$x \\y'], current: 'z', kept: 0, quote: '' }],
    [`'' ""`, { before: [''], current: '', kept: 0, quote: '' }],
  ] as const)('%s', (line, expected) => {
    expect(readBashLine(line, BREAKS)).toEqual(expected);
  });

  it('gives a quoted name back as it was', () => {
    for (const name of HOSTILE) {
      expect(readBashLine(`${quoteForBash(name, '')} `, BREAKS).before).toEqual([name]);
      expect(readBashLine(`'${quoteForBash(name, "'")}' `, BREAKS).before).toEqual([name]);
    }
  });
});
