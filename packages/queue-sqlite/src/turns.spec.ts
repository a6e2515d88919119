import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

// A plugin cannot import the engine, so each has its own copy; the engine's specs speak for both.
it.each(['heap.ts', 'turns.ts'])('%s is the one the queue in memory uses', async (name) => {
  const own = await readFile(new URL(name, import.meta.url), 'utf8');
  expect(own).toBe(await readFile(new URL(`../../engine/src/queue/${name}`, import.meta.url), 'utf8'));
});
