import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fit, type Issue, type TSchema } from '@falco-talon/core';
import { pathText, type EngineSettings, type Registry } from '@falco-talon/engine';
import { budgetIssues } from './budgets.ts';
import { configDirectory, type ConfigFile, type ConfigSources } from './config-file.ts';
import { applyEnvironment } from './environment.ts';
import { fileValues, type ConfigMap } from './file-values.ts';
import type { HostConfig } from './host-schema.ts';
import { layers } from './layers.ts';
import { Origins, type ConfigProblem } from './origins.ts';
import { hostOwner, ownersOf, schemaTree, treeSchema, type Branch } from './owners.ts';
import { dropEmpty, pick, sectionsOf } from './sections.ts';
import { isKeyName, shownLines } from './shown-line.ts';

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
  const { value } = fileValues(file.document?.root, plugins, origins, configDirectory(file, sources));
  if (typeof value !== 'object' || value === null) return undefined;
  applyEnvironment(value as ConfigMap, plugins, sources.variables, origins);
  const list = (value as ConfigMap)['plugins'];
  return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined;
}

/** Every value there is, wrong ones included, and where it comes from. */
export interface Effective {
  readonly tree: Branch;
  readonly values: ConfigMap;
  readonly origins: Origins;
}

export interface LoadedConfig {
  /** Undefined when there are problems. */
  readonly config: Config | undefined;
  /** Known even then, as far as they can be read. Undefined: the file is no map. */
  readonly effective: Effective | undefined;
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
  const { value, origins, problems: misread } = layers(file, sources, tree.root);
  const problems: ConfigProblem[] = tree.clashes.map((message) => ({ origin: undefined, path: '', message }));
  problems.push(...misread);
  const framed = () => withLines(problems, file, tree.root);
  if (value === undefined)
    return { config: undefined, effective: undefined, rulesFiles: sources.rulesFiles, problems: framed() };
  for (const owner of owners) dropEmpty(owner, value);

  const fitted = fit(treeSchema(tree.root) as unknown as TSchema, value);
  for (const issue of fitted.issues) {
    const unknown = issue.message.startsWith('unknown key');
    if (unknown && !strict) continue;
    const origin = origins.nearest(issue.path, unknown ? 'key' : 'value');
    problems.push(
      unknown ? unknownKeyProblem(issue, origin) : { origin, path: pathText(issue.path), message: issue.message },
    );
  }
  const all = fitted.value as ConfigMap;
  const fromFile = sources.rulesFiles === undefined;
  const listed = fitted.issues.some(({ path }) => path[0] === 'rules_files')
    ? undefined
    : (all['rules_files'] as string[]);
  const rulesFiles = listed?.map((path) => rulesPath(path, fromFile, file, sources));
  const effective: Effective = { tree: tree.root, values: all, origins };
  if (problems.length > 0 || rulesFiles === undefined)
    return { config: undefined, effective, rulesFiles, problems: framed() };

  const host = pick(owners[0]!, all) as HostConfig;
  // With a plugin missing nobody knows which actionners there are.
  for (const { path, message } of strict ? budgetIssues(host.guard.budgets, registry) : [])
    problems.push({ origin: origins.nearest(path, 'value'), path: pathText(path), message });
  if (problems.length > 0) return { config: undefined, effective, rulesFiles, problems: framed() };
  return {
    rulesFiles,
    effective,
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
        guards: sectionsOf('guard', owners, all),
        elections: sectionsOf('election', owners, all),
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

/** What cannot be a key may be a secret whose key was forgotten: `{url https://…}`. */
function unknownKeyProblem({ path, message }: Issue, origin: ConfigProblem['origin']): ConfigProblem {
  if (isKeyName(String(path.at(-1)))) return { origin, path: pathText(path), message };
  const rest = message.replace(/^unknown key "(?:\\.|[^"\\])*(?:"|…)/, 'unknown key');
  return { origin, path: pathText(path.slice(0, -1)), message: rest };
}

/** Each mistake of the file with its line, as far as that may be shown. */
function withLines(
  problems: readonly ConfigProblem[],
  { document }: ConfigFile,
  tree: Branch,
): readonly ConfigProblem[] {
  if (document === undefined || problems.length === 0) return problems;
  const lineOf = shownLines(document, tree);
  return problems.map((problem) =>
    problem.origin?.from === 'file' ? { ...problem, shown: lineOf(problem.origin.position) } : problem,
  );
}
