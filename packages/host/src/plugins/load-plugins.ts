import { pathToFileURL } from 'node:url';
import { errorText, nearest, TalonError, type Plugin } from '@falco-talon/core';
import { buildRegistry, type Registry } from '@falco-talon/engine';
import { entryFile } from './entry-file.ts';

/** What `import()` of a plugin package gives. */
export interface PluginModule {
  readonly default: Plugin;
}

export interface PluginSources {
  /** The distribution's own. */
  readonly shipped: readonly PluginModule[];
  /** `plugins` of the config; it replaces the shipped list. */
  readonly list: readonly string[] | undefined;
  /** Of the config file, then of the program: where paths start and packages are looked for. */
  readonly directories: readonly string[];
}

export interface LoadedPlugins {
  /** The ones that could be loaded. */
  readonly plugins: readonly Plugin[];
  readonly registry: Registry;
  readonly problems: readonly string[];
}

/** A module that never finishes loading is given up after this long. Milliseconds. */
const LOAD_TIME = 10_000;

/** Loads every plugin and files their parts; a plugin that cannot be loaded keeps no other from loading. */
export async function loadPlugins({ shipped, list, directories }: PluginSources): Promise<LoadedPlugins> {
  const own = new Map(shipped.map((module) => [module.default.name, module.default]));
  const references = list ?? [...own.keys()];
  const problems: string[] = [];
  const loaded = await Promise.all(
    references.map(async (reference) => {
      try {
        return own.get(reference) ?? (await importPlugin(reference, directories));
      } catch (error) {
        const hint = nearest(reference, own.keys());
        const question = hint === undefined || /^[./]/.test(reference) ? '' : ` (did you mean ${hint}?)`;
        problems.push(`plugin ${reference}: ${errorText(error)}${question}`);
        return undefined;
      }
    }),
  );
  for (const reference of new Set(references.filter((item, index) => references.indexOf(item) !== index))) {
    problems.push(`plugin ${reference} stands in the list twice`);
  }
  const plugins = loaded.filter((plugin) => plugin !== undefined);
  try {
    return { plugins, registry: buildRegistry(plugins), problems };
  } catch (error) {
    problems.push(...errorText(error).split('\n'));
    return { plugins, registry: usable(plugins), problems };
  }
}

/** The parts of those plugins that can be filed together, so that the rest of the input can be checked too. */
function usable(plugins: readonly Plugin[]): Registry {
  const kept: Plugin[] = [];
  for (const plugin of plugins) {
    try {
      buildRegistry([...kept, plugin]);
      kept.push(plugin);
    } catch {
      // reported already
    }
  }
  return buildRegistry(kept);
}

async function importPlugin(reference: string, directories: readonly string[]): Promise<Plugin> {
  const file = entryFile(reference, directories);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, LOAD_TIME, new Error(`${file} did not finish loading within ${LOAD_TIME / 1000} s`));
  });
  try {
    const module = (await Promise.race([import(pathToFileURL(file).href), late])) as Partial<PluginModule>;
    if (module.default === undefined) {
      throw new TalonError('invalid_plugin', `${file} has no default export; it must be what definePlugin() returns`);
    }
    if (module.default?.kind !== 'plugin') {
      throw new TalonError('invalid_plugin', `the default export of ${file} must be what definePlugin() returns`);
    }
    return module.default;
  } finally {
    clearTimeout(timer);
  }
}
