import { configDirectory, type ConfigFile, type ConfigSources } from './config-file.ts';
import { applyEnvironment } from './environment.ts';
import { emptyMap, fileValues, type ConfigMap } from './file-values.ts';
import { Origins, type ConfigProblem } from './origins.ts';
import type { Branch } from './owners.ts';

export interface Layers {
  /** Under today's names, not held against the schema yet. Undefined: the file is no map. */
  readonly value: ConfigMap | undefined;
  readonly origins: Origins;
  readonly problems: readonly ConfigProblem[];
}

/** What file, environment and flags say, the later over the earlier. */
export function layers(file: ConfigFile, sources: ConfigSources, tree: Branch): Layers {
  const origins = new Origins();
  const read = fileValues(file.document?.root, tree, origins, configDirectory(file, sources));
  if (typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) {
    const message = 'the file must hold a map of keys and values';
    const problem = { origin: origins.nearest([], 'value'), path: '', message };
    return { value: undefined, origins, problems: [...read.problems, problem] };
  }
  const value = read.value as ConfigMap;
  const problems = [...read.problems, ...applyEnvironment(value, tree, sources.variables, origins)];
  const flag = (key: string, name: string, given: unknown) => {
    value[key] = given;
    origins.set([key], { from: 'flag', flag: name });
  };
  if (sources.rulesFiles !== undefined) flag('rules_files', '--rules', [...sources.rulesFiles]);
  if (sources.observe === true) flag('mode', '--dry-run', 'observe');
  fillBranches(value, tree);
  return { value, origins, problems };
}

/** Every map the schema knows exists, so that the defaults inside are filled in. */
function fillBranches(value: ConfigMap, tree: Branch): void {
  for (const [key, child] of tree.keys) {
    if (child.type === 'leaf') continue;
    value[key] ??= emptyMap();
    if (typeof value[key] === 'object' && !Array.isArray(value[key])) fillBranches(value[key] as ConfigMap, child);
  }
}
