import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fit, type TSchema } from '@falco-talon/core';
import { pathText, type EngineSettings, type Registry } from '@falco-talon/engine';
import { configDirectory, type ConfigFile, type ConfigSources } from './config-file.ts';
import { applyEnvironment } from './environment.ts';
import { emptyMap, fileValues, type ConfigMap } from './file-values.ts';
import type { HostConfig } from './host-schema.ts';
import { Origins, type ConfigProblem } from './origins.ts';
import { hostOwner, ownersOf, schemaTree, treeSchema, type Branch } from './owners.ts';
import { dropEmpty, pick, sectionsOf } from './sections.ts';

export interface Config {
  readonly host: HostConfig;
  readonly queueType: string;
  /** Where relative paths in it start. */
  readonly directory: string;
  readonly sections: EngineSettings['sections'];
}

/** The `plugins` list, from the file or the environment; undefined when there is none, or it is none. */
export function pluginList(file: ConfigFile, sources: ConfigSources): readonly string[] | undefined {
  const { root } = schemaTree([hostOwner]);
  const plugins: Branch = { ...root, keys: new Map([['plugins', root.keys.get('plugins')!]]) };
  const origins = new Origins();
  const { value } = fileValues(file.document?.root, plugins, origins);
  if (typeof value !== 'object' || value === null) return undefined;
  applyEnvironment(value as ConfigMap, plugins, sources.variables, origins);
  const list = (value as ConfigMap)['plugins'];
  return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined;
}

export interface LoadedConfig {
  /** Undefined when there are problems. */
  readonly config: Config | undefined;
  /** Known even then, unless the list itself is wrong, so that the rules can be checked in the same run. */
  readonly rulesFiles: readonly string[] | undefined;
  readonly problems: readonly ConfigProblem[];
}

/**
 * The whole configuration: file, then environment, then flags, against the program's keys and those of the plugins.
 * Without a config when there are problems. `strict: false` ignores unknown keys, for when plugins failed to load.
 */
export function loadConfig(file: ConfigFile, sources: ConfigSources, registry: Registry, strict = true): LoadedConfig {
  const owners = ownersOf(registry);
  const tree = schemaTree(owners);
  const origins = new Origins();
  const problems: ConfigProblem[] = tree.clashes.map((message) => ({ where: '', path: '', message }));
  const read = fileValues(file.document?.root, tree.root, origins);
  problems.push(...read.problems);

  if (typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) {
    problems.push({
      where: origins.place([], 'value'),
      path: '',
      message: 'the file must hold a map of keys and values',
    });
    return { config: undefined, rulesFiles: sources.rulesFiles, problems };
  }
  const value = read.value as ConfigMap;
  problems.push(...applyEnvironment(value, tree.root, sources.variables, origins));
  if (sources.rulesFiles !== undefined) value['rules_files'] = [...sources.rulesFiles];
  if (sources.observe === true) value['mode'] = 'observe';
  fillBranches(value, tree.root);
  for (const owner of owners) dropEmpty(owner, value);

  const fitted = fit(treeSchema(tree.root) as unknown as TSchema, value);
  for (const issue of fitted.issues) {
    const unknown = issue.message.startsWith('unknown key');
    if (unknown && !strict) continue;
    const where = origins.place(issue.path, unknown ? 'key' : 'value');
    problems.push({ where, path: pathText(issue.path), message: issue.message });
  }
  const all = fitted.value as ConfigMap;
  const fromFile = sources.rulesFiles === undefined;
  const listed = fitted.issues.some(({ path }) => path[0] === 'rules_files')
    ? undefined
    : (all['rules_files'] as string[]);
  const rulesFiles = listed?.map((path) => rulesPath(path, fromFile, file, sources));
  if (problems.length > 0 || rulesFiles === undefined) return { config: undefined, rulesFiles, problems };

  const host = pick(owners[0]!, all) as HostConfig;
  return {
    rulesFiles,
    config: {
      host: {
        ...host,
        rules_files: rulesFiles,
        data_directory: host.data_directory === '' ? '' : resolve(configDirectory(file, sources), host.data_directory),
      },
      directory: configDirectory(file, sources),
      queueType: (all['queue'] as { type: string }).type,
      sections: {
        clients: sectionsOf('client', owners, all),
        notifiers: sectionsOf('notifier', owners, all),
        queues: sectionsOf('queue', owners, all),
      },
    },
    problems,
  };
}

/** A path in the config file starts at the file's directory; where nothing is there, at the working directory as it used to. */
function rulesPath(path: string, fromFile: boolean, file: ConfigFile, sources: ConfigSources): string {
  if (isAbsolute(path)) return path;
  const beside = resolve(configDirectory(file, sources), path);
  return fromFile && existsSync(beside) ? beside : resolve(sources.workingDirectory, path);
}

/** Every map the schema knows exists, so that the defaults inside are filled in. */
function fillBranches(value: ConfigMap, tree: Branch): void {
  for (const [key, child] of tree.keys) {
    if (child.type === 'leaf') continue;
    value[key] ??= emptyMap();
    if (typeof value[key] === 'object' && !Array.isArray(value[key])) fillBranches(value[key] as ConfigMap, child);
  }
}
