import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { errorText, fit, type Issue, type JsonSchema, type TSchema } from '@falco-talon/core';
import { pathText, readYaml, type EngineSettings, type Registry, type Section, type YamlDocument } from '@falco-talon/engine';
import { applyEnvironment, type Variables } from './environment.ts';
import { emptyMap, fileValues, type ConfigMap } from './file-values.ts';
import type { HostConfig } from './host-schema.ts';
import { Origins, type ConfigProblem } from './origins.ts';
import { hostOwner, ownersOf, schemaTree, treeSchema, type Branch, type Owner } from './owners.ts';

export interface ConfigSources {
  /** As given with `-c`; it must exist. Absent: the usual places, none of which must. */
  readonly file?: string;
  readonly variables: Variables;
  readonly workingDirectory: string;
  /** `-r`: replaces the config's list. */
  readonly rulesFiles?: readonly string[];
  /** `--dry-run` */
  readonly observe?: boolean;
}

/** The config file, read but not judged yet: which keys are right depends on the plugins it names. */
export interface ConfigFile {
  /** Undefined: there is none, and none was asked for. */
  readonly path: string | undefined;
  readonly document: YamlDocument | undefined;
  readonly problems: readonly ConfigProblem[];
}

export interface Config {
  readonly host: HostConfig;
  readonly queueType: string;
  readonly sections: EngineSettings['sections'];
}

export const SYSTEM_CONFIG = '/etc/falco-talon/config.yaml';

export async function readConfigFile({ file, workingDirectory }: ConfigSources): Promise<ConfigFile> {
  const usual = [SYSTEM_CONFIG, join(workingDirectory, 'config.yaml')];
  const path = file === undefined ? usual.find((candidate) => existsSync(candidate)) : resolve(workingDirectory, file);
  if (path === undefined) return { path, document: undefined, problems: [] };
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing ? 'there is no such file' : `the file cannot be read: ${errorText(error)}`;
    return { path, document: undefined, problems: [{ where: file ?? path, path: '', message }] };
  }
  const document = readYaml(file ?? path, text);
  const problems = document.problems.map((problem) => ({
    where: `${problem.file}:${problem.line}:${problem.column}`,
    path: problem.path,
    message: problem.message,
  }));
  return { path, document, problems };
}

/** Where relative paths of the config start. */
export function configDirectory(file: ConfigFile, sources: ConfigSources): string {
  return file.path === undefined ? sources.workingDirectory : dirname(file.path);
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
export function loadConfig(
  file: ConfigFile,
  sources: ConfigSources,
  registry: Registry,
  strict = true,
): LoadedConfig {
  const owners = ownersOf(registry);
  const tree = schemaTree(owners);
  const origins = new Origins();
  const problems: ConfigProblem[] = tree.clashes.map((message) => ({ where: '', path: '', message }));
  const read = fileValues(file.document?.root, tree.root, origins);
  problems.push(...read.problems);

  if (typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) {
    problems.push({ where: origins.place([], 'value'), path: '', message: 'the file must hold a map of keys and values' });
    return { config: undefined, rulesFiles: sources.rulesFiles, problems };
  }
  const value = read.value as ConfigMap;
  problems.push(...applyEnvironment(value, tree.root, sources.variables, origins));
  if (sources.rulesFiles !== undefined) value['rules_files'] = [...sources.rulesFiles];
  if (sources.observe === true) value['mode'] = 'observe';
  fillBranches(value, tree.root);

  const fitted = fit(treeSchema(tree.root) as unknown as TSchema, value);
  for (const issue of fitted.issues) {
    const unknown = issue.message.startsWith('unknown key');
    if (unknown && !strict) continue;
    const where = origins.place(issue.path, unknown ? 'key' : 'value');
    problems.push({ where, path: pathText(issue.path), message: issue.message });
  }
  const all = fitted.value as ConfigMap;
  const fromFile = sources.rulesFiles === undefined;
  const listed = fitted.issues.some(({ path }) => path[0] === 'rules_files') ? undefined : (all['rules_files'] as string[]);
  const rulesFiles = listed?.map((path) => rulesPath(path, fromFile, file, sources));
  if (problems.length > 0 || rulesFiles === undefined) return { config: undefined, rulesFiles, problems };

  const host = pick(owners[0]!, all) as HostConfig;
  return {
    rulesFiles,
    config: {
      host: { ...host, rules_files: rulesFiles },
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

function sectionsOf(kind: Owner['kind'], owners: readonly Owner[], all: ConfigMap): ReadonlyMap<string, Section> {
  const mine = owners.filter((owner) => owner.kind === kind);
  return new Map(
    mine.map((owner) => {
      const value = pick(owner, all);
      return [owner.name, { value, missing: missingKeys(owner.schema, value, owner.path) }];
    }),
  );
}

/** The owner's own keys: others may stand beside them on the same level. */
function pick(owner: Owner, all: ConfigMap): ConfigMap {
  let node: unknown = all;
  for (const key of owner.path) node = (node as ConfigMap | undefined)?.[key];
  const keys = Object.keys(owner.schema.properties ?? {});
  const entries = Object.entries((node ?? {}) as ConfigMap).filter(([key]) => keys.includes(key));
  return Object.fromEntries(entries);
}

function missingKeys(schema: JsonSchema, value: ConfigMap, path: readonly string[]): readonly Issue[] {
  const issues: Issue[] = [];
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const item = value[key];
    const required = schema.required?.includes(key) === true && property.default === undefined;
    if (property.properties !== undefined && typeof item === 'object' && item !== null) {
      if (required || Object.keys(item).length > 0) issues.push(...missingKeys(property, item as ConfigMap, [...path, key]));
    } else if (required && item === undefined) {
      const description = property.description === undefined ? '' : `: ${property.description}`;
      issues.push({ path, message: `${key} is missing${description}` });
    }
  }
  return issues;
}
