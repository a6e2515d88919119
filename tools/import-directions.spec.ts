import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Where an import stands, what it names, whether the lint may let it pass. */
type Import = readonly [from: string, names: string, allowed: boolean];

const every = (from: string, allowed: boolean, ...names: string[]): Import[] =>
  names.map((name) => [from, name, allowed]);

const CORE = 'packages/core/src/part.ts';
const ENGINE = 'packages/engine/src/act/part.ts';
const CLIENT = 'packages/client-aws/src/part.ts';
const KUBERNETES = 'packages/client-kubernetes/src/part.ts';
const HOST = 'packages/host/src/server/part.ts';
const TESTKIT = 'packages/testkit/src/run/part.ts';
const SUITES = 'packages/testkit/src/suites/part.ts';
const FAKE = 'packages/fake-kubernetes/src/part.ts';
const APP = 'apps/talon/src/main.ts';
const SPEC = 'packages/output-file/src/file/part.spec.ts';
/** What several spec files of a package share. */
const SHARED = 'packages/engine/src/act/testing-part.ts';
const PLUGINS = [
  'packages/actionner-kubernetes/src/label/part.ts',
  'packages/context-aws/src/part.ts',
  'packages/output-file/src/file/part.ts',
  'packages/notifier-webhook/src/part.ts',
  'packages/queue-sqlite/src/part.ts',
  'packages/guard-kubernetes/src/part.ts',
  'examples/plugin-hello/src/part.ts',
];
const LIBRARIES = [CORE, ENGINE, CLIENT, KUBERNETES, HOST, TESTKIT, FAKE, ...PLUGINS];

const IMPORTS: readonly Import[] = [
  ...every(CORE, false, '@falco-talon/engine', '@falco-talon/client-kubernetes'),
  ...every(CORE, true, 'typebox', 'node:crypto', './errors.ts'),
  ...every(ENGINE, true, '@falco-talon/core', '../rules/rule.ts', 'yaml'),
  ...every(ENGINE, false, '@falco-talon/host', '@falco-talon/testkit', '@falco-talon/client-kubernetes'),
  ...every(ENGINE, false, '@falco-talon/output-file', '@kubernetes/client-node', '@aws-sdk/client-s3', 'nodemailer'),
  ...every(CLIENT, true, '@falco-talon/core', '@aws-sdk/client-lambda'),
  ...every(CLIENT, false, '@falco-talon/client-kubernetes', '@falco-talon/engine', '@kubernetes/client-node'),
  ...every(KUBERNETES, true, '@falco-talon/core', '@kubernetes/client-node', '@kubernetes/client-node/dist/config.js'),
  ...every(KUBERNETES, false, '@falco-talon/engine', '@falco-talon/fake-kubernetes'),
  ...every(HOST, true, '@falco-talon/core', '@falco-talon/engine', 'hono'),
  ...every(HOST, false, '@falco-talon/actionner-kubernetes', '@falco-talon/client-kubernetes', '@slack/web-api'),
  ...every(TESTKIT, true, '@falco-talon/core', '@falco-talon/engine'),
  ...every(TESTKIT, false, '@falco-talon/host', '@falco-talon/fake-kubernetes', '@falco-talon/output-file', 'vitest'),
  ...every(SUITES, true, '@falco-talon/core', 'vitest'),
  ...every(SUITES, false, '@falco-talon/host', '@kubernetes/client-node'),
  ...every(FAKE, false, '@falco-talon/core', '@falco-talon/client-kubernetes', '@kubernetes/client-node'),
  ...PLUGINS.flatMap((plugin) => [
    ...every(plugin, true, '@falco-talon/core', '@falco-talon/client-kubernetes', 'nodemailer'),
    ...every(plugin, false, '@falco-talon/engine', '@falco-talon/host', '@falco-talon/testkit'),
    ...every(plugin, false, '@falco-talon/notifier-slack', '@falco-talon/context-k8snode', '@kubernetes/client-node'),
  ]),
  ...every(APP, true, '@falco-talon/host', '@falco-talon/output-file', '@falco-talon/core', '@falco-talon/engine'),
  ...every(APP, false, 'typebox', '@kubernetes/client-node'),
  ...every(SPEC, true, '@falco-talon/testkit', '@falco-talon/fake-kubernetes', '@falco-talon/engine', 'vitest'),
  ...every(SPEC, true, './part.ts', '../index.ts'),
  ...every(SHARED, true, '@falco-talon/testkit', 'vitest', 'fast-check'),
  ...every(SHARED, false, '../../../host/src/index.ts'),
  ...every(SPEC, false, '../../../engine/src/index.ts', '../../../engine/dist/index.js'),
  ...LIBRARIES.flatMap((library) => [
    ...every(
      library,
      false,
      '@falco-talon/core/src/fit.ts',
      '../../engine/src/index.ts',
      '../../../core/dist/index.js',
    ),
    ...every(library, false, '../../../packages/core/src/index.ts', 'fast-check', 'falco-talon-plugin-hello'),
    ...every(library, library === CORE, 'typebox', 'typebox/value'),
    ...every(library, true, '../sibling.ts', './part/other.ts', 'node:fs/promises'),
  ]),
];

/** Each import stands in a file of its own, once in every form an import can have. */
const FORMS: readonly ((name: string) => string)[] = [
  (name) => `import '${name}';`,
  (name) => `import type { Some } from '${name}'; export type Other = Some;`,
  (name) => `export * from '${name}';`,
  (name) => `export const later = () => import('${name}');`,
];

let directory: string;
let refused: ReadonlySet<string>;

const fileOf = (index: number, form: number) => {
  const from = IMPORTS[index]![0];
  const dot = from.indexOf('.', from.lastIndexOf('/'));
  return `${from.slice(0, dot)}-${index}-${form}${from.slice(dot)}`;
};

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'import-directions-')));
  await copyFile(join(root, '.oxlintrc.json'), join(directory, '.oxlintrc.json'));
  for (const [index, [, name]] of IMPORTS.entries()) {
    for (const [form, write] of FORMS.entries()) {
      const file = join(directory, fileOf(index, form));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, write(name));
    }
  }
  const report = JSON.parse(await lint(directory)) as { diagnostics: { code: string; filename: string }[] };
  const hits = report.diagnostics.filter(({ code }) => code === 'eslint(no-restricted-imports)');
  refused = new Set(hits.map(({ filename }) => filename));
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

/** Oxlint's own report; that it finds something, and ends with 1, is what this is about. */
async function lint(cwd: string): Promise<string> {
  const command = join(root, 'node_modules/oxlint/bin/oxlint');
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, [command, '-f', 'json'], { cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout) => {
      if (stdout.startsWith('{')) resolve(stdout);
      else reject(error ?? new Error(stdout));
    });
  });
}

it.each(IMPORTS.map((one, index) => [...one, index] as const))('%s imports %s: %s', (_from, _name, allowed, index) => {
  const found = FORMS.map((_form, form) => !refused.has(fileOf(index, form)));
  expect(found).toEqual(FORMS.map(() => allowed));
});
