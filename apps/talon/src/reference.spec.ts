import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildRegistry } from '@falco-talon/engine';
import {
  commandLineReference,
  configurationReference,
  permissionsReference,
  publishedSchemas,
} from '@falco-talon/host';
import { plugins } from './plugins.ts';

const docs = join(import.meta.dirname, '..', '..', '..', 'docs');

it('the page about the configuration says what the schemas say', async () => {
  const registry = buildRegistry((await plugins()).map((module) => module.default));
  await expect(configurationReference(registry)).toMatchFileSnapshot(join(docs, 'configuration.md'));
});

it('the page about the command line says what the table of commands says', async () => {
  await expect(commandLineReference('falco-talon')).toMatchFileSnapshot(join(docs, 'command-line.md'));
});

it('the page about permissions says what the plugins say', async () => {
  const registry = buildRegistry((await plugins()).map((module) => module.default));
  await expect(permissionsReference(registry)).toMatchFileSnapshot(join(docs, 'permissions.md'));
});

it('the schemas for editors say what the program and the plugins say', async () => {
  const registry = buildRegistry((await plugins()).map((module) => module.default));
  for (const [file, schema] of publishedSchemas(registry))
    await expect(schema).toMatchFileSnapshot(join(docs, '..', 'schemas', file));
});
