import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { schemaProblems } from './schema-problems.ts';

export interface PluginSuiteOptions {
  /** The package's folder, where package.json and README.md are: `new URL('..', import.meta.url)`. */
  readonly directory?: URL | string;
}

/** The conformance suite of a plugin as a whole; its parts have suites of their own. */
export function testPlugin(plugin: Plugin, options: PluginSuiteOptions = {}): void {
  const parts = [
    ...(plugin.actionners ?? []),
    ...(plugin.outputs ?? []),
    ...(plugin.contexts ?? []),
    ...(plugin.notifiers ?? []),
    ...(plugin.guards ?? []),
    ...(plugin.queues ?? []),
    ...(plugin.elections ?? []),
  ];
  const clients = [
    ...(plugin.clients ?? []),
    ...parts.flatMap((part) => ('uses' in part ? Object.values(part.uses ?? {}) : [])),
  ];

  describe(`plugin ${plugin.name} conforms`, () => {
    it('is accepted by the registry and brings something', async () => {
      // Loaded here: nothing else in this package needs the engine, and most spec files never come by.
      const { buildRegistry } = await import('@falco-talon/engine');
      expect(() => buildRegistry([plugin])).not.toThrow();
      expect(parts.length + clients.length).toBeGreaterThan(0);
    });

    it('has clients whose settings are strict and described', () => {
      for (const client of clients) {
        expect(client.id).toMatch(/^[a-z][a-z0-9-]*$/);
        expect(client.section).toMatch(/^([a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*)?$/);
        expect(schemaProblems(client.settings), `settings of client ${client.id}`).toEqual([]);
      }
    });

    const { directory } = options;
    if (directory === undefined) return;
    const path = typeof directory === 'string' ? directory : fileURLToPath(directory);

    it('is an ES module package that leaves the choice of core to its user', async () => {
      const manifest = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as Record<string, unknown>;
      expect(manifest['name']).toBe(plugin.name);
      expect(manifest['type']).toBe('module');
      expect(manifest['peerDependencies']).toHaveProperty('@falco-talon/core');
      const dependencies = Object.keys((manifest['dependencies'] ?? {}) as object);
      expect(dependencies.filter((name) => name.startsWith('@falco-talon/'))).toEqual([]);
    });

    it('tells its users about every part in README.md', async () => {
      const readme = await readFile(join(path, 'README.md'), 'utf8');
      const missing = parts.map((part) => part.name).filter((name) => !readme.includes(name));
      expect(missing, 'README.md does not name them').toEqual([]);
    });
  });
}
