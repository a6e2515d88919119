import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runTalon } from '@falco-talon/host';
import { testPlugin } from '@falco-talon/testkit';
import { afterAll, expect, it } from 'vitest';
import plugin from './index.ts';

const directory = join(import.meta.dirname, '..');
testPlugin(plugin, { directory });

const folder = await mkdtemp(join(tmpdir(), 'plugin-hello-'));
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** Runs `falco-talon` without a plugin of its own, as somebody would who has only the config file. */
async function talon(config: string, rules: string, ...argv: string[]) {
  await writeFile(join(folder, 'config.yaml'), config);
  await writeFile(join(folder, 'rules.yaml'), rules);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const printed = Promise.all([text(stdout), text(stderr)]);
  const code = await runTalon({
    plugins: async () => [],
    name: 'falco-talon',
    version: '0.0.0',
    directory: folder,
    argv: [...argv, '-c', 'config.yaml', '-r', 'rules.yaml'],
    context: { environment: {}, workingDirectory: folder, homeDirectory: folder, stdout, stderr },
  });
  stdout.end();
  stderr.end();
  return { code, printed: (await printed).join('') };
}

const CONFIG = `plugins: [${JSON.stringify(directory)}]\nhello:\n  greeting: Good morning\n`;
const RULES = `
- rule: Greet shells
  match:
    rules: [Terminal shell in container]
  actions:
    - action: Greet
      actionner: hello:greet
      parameters:
        title: dear pod
`;

it('is loaded from its folder by the path in the config', async () => {
  const { code, printed } = await talon(CONFIG, RULES, 'actionners', 'list');
  expect(printed).toContain('hello:greet');
  expect(code).toBe(0);
});

it('brings its parameters and its section of the config, both strictly', async () => {
  expect(await talon(CONFIG, RULES, 'check')).toMatchObject({ code: 0 });
  const misspeltParameter = await talon(CONFIG, RULES.replace('title:', 'titel:'), 'check');
  expect(misspeltParameter.printed).toContain('did you mean title?');
  expect(misspeltParameter.code).toBe(1);
  const misspeltSetting = await talon(CONFIG.replace('greeting:', 'greting:'), RULES, 'check');
  expect(misspeltSetting.printed).toContain('greeting');
  expect(misspeltSetting.code).toBe(1);
});

it('is not there without its line in the config', async () => {
  const { code, printed } = await talon('', RULES, 'check');
  expect(printed).toContain('hello:greet');
  expect(code).toBe(1);
});
