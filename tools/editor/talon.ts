import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runIn, type Ran } from 'falco-talon/testing-run';

export const root = join(import.meta.dirname, '../..');

export interface Folder {
  readonly path: string;
  /** Runs `falco-talon` in the folder, with these files in it. */
  talon(files: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<Ran>;
  remove(): Promise<void>;
}

export async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'talon-editor-'));
  return {
    path,
    async talon(files, ...argv) {
      for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
      return await runIn(path, argv);
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
