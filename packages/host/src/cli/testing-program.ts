import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import {
  defineActionner,
  defineNotifier,
  defineOutput,
  definePlugin,
  strictObject,
  Type,
  type Plugin,
} from '@falco-talon/core';
import { runTalon } from '../main.ts';
import type { ProgramContext } from './command.ts';

/** A plugin of every kind, for specs of the command line. */
export const testPlugin = definePlugin({
  name: 'test-plugin',
  category: 'test',
  actionners: [
    defineActionner({
      name: 'note',
      description: 'Notes a text.',
      stability: 'stable',
      sources: 'any',
      continue: true,
      output: 'none',
      idempotent: true,
      permissions: [],
      parameters: strictObject({
        text: Type.String({ description: 'What to note.' }),
        times: Type.Integer({ minimum: 1, maximum: 9, default: 1 }),
      }),
      examples: [{ description: 'd', parameters: { text: 'a', times: 1 } }],
      target: () => undefined,
      run: async ({ parameters }) => ({ status: 'success', message: parameters.text }),
    }),
  ],
  outputs: [
    defineOutput({
      name: 'shelf',
      description: 'A shelf.',
      permissions: [],
      parameters: strictObject({ place: Type.String() }),
      examples: [{ description: 'd', parameters: { place: 'a' } }],
      store: async () => ({ message: '', objects: {} }),
    }),
  ],
  notifiers: [
    defineNotifier({
      name: 'bell',
      description: 'A bell.',
      settings: strictObject({ tone: Type.String() }),
      notify: async () => {},
    }),
  ],
});

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program inside this process, in a directory with these files. */
export async function run(
  argv: readonly string[],
  files: Readonly<Record<string, string>> = {},
  context: Partial<ProgramContext> = {},
  plugin: Plugin = testPlugin,
): Promise<Ran> {
  const directory = mkdtempSync(join(tmpdir(), 'talon-cli-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const stdout = collector();
  const stderr = collector();
  const code = await runTalon({
    plugins: async () => [{ default: plugin }],
    name: 'falco-talon',
    version: '1.2.3',
    directory,
    argv,
    context: {
      environment: {},
      homeDirectory: directory,
      workingDirectory: directory,
      stdin: () => Readable.from([]),
      stdout: stdout.stream,
      stderr: stderr.stream,
      signals: new EventEmitter(),
      ...context,
    },
  }).finally(() => rmSync(directory, { recursive: true, force: true }));
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

export function collector(): { readonly stream: Writable; text(): string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}

export const RULES = `- rule: Shell
  match: { rules: [Terminal shell in container] }
  actions:
    - action: Note it
      actionner: test:note
      parameters: { text: hello }
`;
export const CONFIG = 'rules_files: [rules.yaml]\n';
