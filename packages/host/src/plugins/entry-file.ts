import { existsSync, readFileSync, statSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * The file to import for a plugin named in the config: a path (begins with `.`, `/` or `file:`) of a module or a package
 * directory, or the name of an installed package.
 * @param directories where relative paths start and packages are looked for, in order
 * @throws Error in one sentence
 */
export function entryFile(reference: string, directories: readonly string[]): string {
  const path = asPath(reference, directories[0]!);
  if (path === undefined) return packageEntry(packageDirectory(reference, directories));
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  return statSync(path).isDirectory() ? packageEntry(path) : path;
}

function asPath(reference: string, directory: string): string | undefined {
  if (reference.startsWith('file:')) return fileURLToPath(reference);
  if (reference.startsWith('.') || isAbsolute(reference)) return resolve(directory, reference);
  return undefined;
}

function packageDirectory(name: string, directories: readonly string[]): string {
  for (const directory of directories) {
    try {
      const manifest = findPackageJSON(name, pathToFileURL(join(directory, 'any.js')));
      if (manifest !== undefined) return dirname(manifest);
    } catch {
      // not installed there
    }
  }
  throw new Error(
    `no package of this name is installed in ${directories.join(' or ')}; install it there, or write a path that begins with ./`,
  );
}

interface Manifest {
  readonly main?: unknown;
  readonly exports?: unknown;
}

function packageEntry(directory: string): string {
  const file = join(directory, 'package.json');
  if (!existsSync(file)) {
    const index = ['index.js', 'index.ts'].map((name) => join(directory, name)).find((name) => existsSync(name));
    if (index !== undefined) return index;
    throw new Error(`${directory} has no package.json`);
  }
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const targets = [...exported(manifest.exports, sourceConditions(directory)), manifest.main, 'index.js'];
  const candidates = targets.filter((target) => typeof target === 'string').map((target) => join(directory, target));
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error(`${candidates[0]} does not exist; build the package first`);
  return found;
}

/** Sources run as they are, but Node strips no types inside node_modules. */
function sourceConditions(directory: string): readonly string[] {
  const conditions = ['node', 'import', 'module-sync', 'default'];
  const fromSources = import.meta.url.endsWith('.ts') && !/[\\/]node_modules[\\/]/.test(directory);
  return fromSources ? ['@falco-talon/source', ...conditions] : conditions;
}

/** What `exports` names for `.`, as Node reads it: the first key that is a condition in force. */
function exported(value: unknown, conditions: readonly string[]): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const keys = Object.entries(value as Record<string, unknown>);
  const root = keys.find(([key]) => key === '.');
  if (root !== undefined) return exported(root[1], conditions);
  return keys.filter(([key]) => conditions.includes(key)).flatMap(([, target]) => exported(target, conditions));
}
