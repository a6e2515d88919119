import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildRegistry } from '@falco-talon/engine';
import { peerReference } from '@falco-talon/host';
import { expect, it } from 'vitest';
import { plugins } from './plugins.ts';

const page = join(import.meta.dirname, '..', '..', '..', 'docs', 'coming-from-the-go-engine.md');

it('the page about the Go engine says what check --peer says', async () => {
  const registry = buildRegistry((await plugins()).map((module) => module.default));
  await expect(peerReference(await readFile(page, 'utf8'), registry)).toMatchFileSnapshot(page);
});
