import { existsSync } from 'node:fs';
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ERROR_CODES } from '@falco-talon/core';
import { runIn } from 'falco-talon/testing-run';
import { afterAll, describe, expect, it } from 'vitest';
import { startLanguageServer } from './editor/language-server.ts';

const root = join(import.meta.dirname, '..');
const exclude = ['**/node_modules/**', '**/dist/**', '**/coverage/**'];
const texts = new Map<string, string>();
for await (const page of glob('**/*.md', { cwd: root, exclude })) {
  texts.set(page, await readFile(join(root, page), 'utf8'));
}
const pages = [...texts.keys()].toSorted();

/** The inside of every fenced block of a language. */
function blocks(page: string, language: string): readonly string[] {
  return [...texts.get(page)!.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , inside]) => inside!);
}

/** Executed by a spec of their own. */
const isTests = (block: string) => /^tests:$/m.test(block);
const isRules = (block: string) => /^(#.*\n)*- (rule|action|macro|list|name): /.test(block);

/** How many blocks of YAML a page shows: of rules, and of configuration. A page with any stands here. */
const SHOWN: Readonly<Record<string, readonly [rules: number, config: number]>> = {
  'README.md': [1, 0],
  'docs/authentication.md': [0, 1],
  'docs/captures.md': [1, 0],
  'docs/editors.md': [1, 0],
  'docs/guard-rails.md': [0, 1],
  'docs/network-policies.md': [3, 0],
  'docs/old-rules.md': [4, 0],
  'docs/plugins.md': [1, 1],
  'docs/remote-commands.md': [1, 0],
  'docs/rules.md': [2, 0],
  'docs/storm-brake.md': [0, 1],
  'docs/testing-rules.md': [1, 0],
  'examples/plugin-hello/README.md': [1, 1],
  'packages/context-k8snode/README.md': [1, 0],
  'packages/guard-kubernetes/README.md': [0, 1],
  'packages/election-kubernetes/README.md': [0, 1],
  'packages/notifier-k8sevents/README.md': [0, 1],
  'packages/notifier-webhook/README.md': [0, 1],
  'packages/output-file/README.md': [1, 0],
  'packages/queue-nats/README.md': [0, 2],
  'packages/queue-sqlite/README.md': [0, 1],
};

const editor = await startLanguageServer();
const folder = await mkdtemp(join(tmpdir(), 'documentation-'));
afterAll(() => Promise.all([editor.stop(), rm(folder, { recursive: true, force: true })]));

/** `falco-talon` on these texts, as somebody would run it who copied them. */
async function talon(config: string, rules: string, ...argv: string[]) {
  // Paths on the pages are meant as seen from a checkout.
  await writeFile(join(folder, 'config.yaml'), config.replaceAll('./examples/', `${join(root, 'examples')}/`));
  await writeFile(join(folder, 'rules.yaml'), rules);
  return await runIn(folder, [...argv, '-c', 'config.yaml', '-r', 'rules.yaml']);
}

describe.each(pages)('%s', (page) => {
  it('has links that lead somewhere', () => {
    const links = [...texts.get(page)!.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    const local = links.filter((target) => !/^[a-z]+:/.test(target));
    expect(local.filter((target) => !leadsSomewhere(page, target))).toEqual([]);
  });

  it('shows YAML that loads without a mistake or a warning', async () => {
    const yaml = blocks(page, 'yaml').filter((block) => !isTests(block));
    const rules = yaml.filter(isRules);
    const configs = yaml.filter((block) => !isRules(block));
    expect([rules.length, configs.length]).toEqual(SHOWN[page] ?? [0, 0]);
    for (const block of yaml) {
      // A page about a plugin shows the configuration that loads it, then rules for it.
      const config = isRules(block) ? (configs[0] ?? '') : block;
      const { code, errors } = await talon(config, isRules(block) ? block : '[]\n', 'check');
      // Rules of the first releases are shown to be migrated.
      const told = block.startsWith('- name: ')
        ? /^\S+: warning: [^\n]* falco-talon rules migrate [^\n]*(\n {2}[^\n]*)*$/
        : /^$/;
      // Secrets that are mounted where the server runs.
      const elsewhere = /^warning: intake\.\S+: \/run\/secrets\/\S+: there is no such file\n/gm;
      expect(errors.replaceAll(elsewhere, '').trimEnd()).toMatch(told);
      expect(code).toBe(0);
    }
  });

  it('shows YAML that an editor does not underline', async () => {
    const yaml = blocks(page, 'yaml');
    const config = yaml.find((block) => !isRules(block) && !isTests(block)) ?? '';
    for (const [index, block] of yaml.entries()) {
      const kind = isTests(block) ? 'tests' : isRules(block) ? 'rules' : 'config';
      const schema = join(folder, `${page.replaceAll('/', '-')}-${index}.schema.json`);
      await writeFile(schema, (await talon(kind === 'config' ? block : config, '[]\n', 'schema', kind)).output);
      const modeline = `# yaml-language-server: $schema=${schema}\n`;
      expect((await editor.open(folder, modeline + block)).diagnostics).toEqual([]);
    }
  });

  it('names commands that exist', async () => {
    const lines = blocks(page, 'sh').flatMap((block) => block.split('\n'));
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const run = lines.flatMap((line) => [...line.matchAll(/npm run ([\w-]+)/g)].map(([, script]) => script!));
    expect(run.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
    for (const line of lines) {
      const [, group, command] = /(?<!-n )(?:npx )?falco-talon ([a-z][a-z-]*)(?: +([a-z]+)(?= |$))?/.exec(line) ?? [];
      if (group === undefined) continue;
      const words = command === undefined ? [group] : [group, command];
      const { code, output } = await talon('', '[]\n', ...words, '--help');
      expect(code, line).toBe(0);
      expect(output, line).toContain(`Usage: falco-talon ${group}`);
    }
  });
});

it('docs/old-rules.md shows old rules and what they are migrated to', async () => {
  const [first, firstToday, second, secondToday] = blocks('docs/old-rules.md', 'yaml');
  expect((await talon('', first!, 'rules', 'migrate')).output).toBe(firstToday);
  expect((await talon('', second!, 'rules', 'migrate')).output).toBe(secondToday);
});

it('knows every page that shows YAML', () => {
  expect(Object.keys(SHOWN).filter((page) => !texts.has(page))).toEqual([]);
});

it('README.md leads to every page of docs', () => {
  const guides = pages.filter((page) => /^docs\/[^/]+$/.test(page));
  expect(guides.filter((page) => !texts.get('README.md')!.includes(`](${page})`))).toEqual([]);
});

it('examples/config.yaml and examples/rules.yaml load without a mistake or a warning', async () => {
  const read = (file: string) => readFile(join(root, 'examples', file), 'utf8');
  const { code, output, errors } = await talon(await read('config.yaml'), await read('rules.yaml'), 'check');
  expect(errors).toBe('');
  expect(output).toBe('the rules are valid: 6 rules in 1 file\n');
  expect(code).toBe(0);
});

it('docs/rules.md tells what an absent field does as the engine does it', async () => {
  const rows = [
    ...texts.get('docs/rules.md')!.matchAll(/^\| `((?:output_fields|condition): .*?)` +\| (.*?) +\| (.*?) +\|$/gm),
  ];
  expect(rows.length).toBeGreaterThan(5);
  const rules = rows.map(
    ([, match], index) => `- rule: r${index}\n  continue: true\n  dry_run: true\n  match:\n    ${match}\n`,
  );
  const alerts = ['{"rule":"x","output_fields":{}}', '{"rule":"x","output_fields":{"proc.name":"bash"}}'];
  await writeFile(join(folder, 'alerts.json'), `[${alerts.join()}]`);
  const { output } = await talon('', rules.join(''), 'explain', '--event', 'alerts.json', '--output', 'json');
  const explained = JSON.parse(output) as readonly { rules: readonly { matched: boolean }[] }[];
  const told = [2, 3].map((column) => rows.map((row) => row[column]!.replaceAll('*', '') === 'holds'));
  expect(explained.map((one) => one.rules.map(({ matched }) => matched))).toEqual(told);
});

it('docs/error-codes.md explains every code as the code does', () => {
  const rows = [...texts.get('docs/error-codes.md')!.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)];
  expect(Object.fromEntries(rows.map(([, code, meaning]) => [code, meaning]))).toEqual(ERROR_CODES);
});

function leadsSomewhere(page: string, target: string): boolean {
  const [path, fragment] = target.split('#', 2) as [string, string?];
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(root, file))) return false;
  if (fragment === undefined) return true;
  return headings(file).includes(fragment);
}

/** The anchors GitHub makes of a page's headings. */
function headings(page: string): readonly string[] {
  const lines = texts.get(page)?.match(/^#+ .*$/gm) ?? [];
  return lines.map((line) =>
    line
      .replace(/^#+ /, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
