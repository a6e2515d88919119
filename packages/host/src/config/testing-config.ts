import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  defineClient,
  defineGuard,
  defineNotifier,
  definePlugin,
  defineQueue,
  strictObject,
  Type,
} from '@falco-talon/core';
import { buildRegistry } from '@falco-talon/engine';
import { readConfigFile, type ConfigSources } from './config-file.ts';
import { loadConfig, pluginList } from './load-config.ts';
import { formatConfigProblem } from './origins.ts';

export const directory = mkdtempSync(join(tmpdir(), 'talon-config-'));

const kubernetes = defineClient({
  id: 'kubernetes',
  section: '',
  settings: strictObject({ kubeconfig: Type.String({ default: '' }) }),
  create: async () => ({}),
});
export const cloud = defineClient({
  id: 'cloud',
  section: 'cloud',
  settings: strictObject({
    region: Type.String(),
    key_file: Type.Optional(Type.String()),
    key: Type.Optional(Type.String({ writeOnly: true })),
    token: Type.Optional(Type.String({ writeOnly: true })),
    headers: Type.Optional(Type.Record(Type.String(), Type.String({ writeOnly: true }))),
  }),
  create: async () => ({}),
});
const webhook = defineNotifier({
  name: 'webhook',
  description: 'd',
  settings: strictObject({
    url: Type.String({ minLength: 1, description: 'where to' }),
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
const gate = defineGuard({
  name: 'gate',
  description: 'd',
  settings: strictObject({ most: Type.Integer({ default: 3 }), word: Type.String() }),
  judge: async () => ({ kind: 'allow' }),
});
export const registry = buildRegistry([
  definePlugin({
    name: 'some-plugin',
    category: 'some',
    clients: [kubernetes, cloud],
    notifiers: [webhook],
    queues: [disk],
    guards: [gate],
  }),
]);

let files = 0;
/** Loads a config file with this text; problems name it `config.yaml`. */
export async function load(text: string, sources: Partial<ConfigSources> = {}, of = registry) {
  const { read, all, file, ...result } = await loaded(text, sources, of);
  const problems = result.problems.map((problem) =>
    formatConfigProblem({ ...problem, shown: undefined }).replace(file, 'config.yaml'),
  );
  return { ...result, problems, list: pluginList(read, all) };
}

/** The same with problems as data. */
export async function loaded(text: string, sources: Partial<ConfigSources> = {}, of = registry) {
  const file = join(directory, `config-${files++}.yaml`);
  writeFileSync(file, text);
  const all: ConfigSources = { file, variables: {}, workingDirectory: directory, ...sources };
  const read = await readConfigFile(all);
  const result = loadConfig(read, all, of);
  return { ...result, problems: [...read.problems, ...result.problems], read, all, file };
}
