import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plugins } from 'falco-talon';
import { expect, it } from 'vitest';

it('every shipped actionner meets a real cluster', async () => {
  const folder = join(import.meta.dirname, 'actionners');
  const texts: string[] = [];
  for await (const file of glob('*.e2e.ts', { cwd: folder })) texts.push(await readFile(join(folder, file), 'utf8'));
  const met = (text: string) => texts.some((file) => file.includes(`'${text}'`));
  const missing = (await plugins()).flatMap(({ default: { category, actionners = [] } }) =>
    actionners.map(({ name }) => `${category}:${name}`).filter((name) => !met(name)),
  );
  expect(missing).toEqual([]);
});
