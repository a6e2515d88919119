import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runTalon } from '@falco-talon/host';
import { plugins } from 'falco-talon';

export const root = join(import.meta.dirname, '../..');

export interface Folder {
  readonly path: string;
  /** Runs `falco-talon` in the folder, with these files in it. */
  talon(files: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<Ran>;
  remove(): Promise<void>;
}

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

export async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'talon-editor-'));
  return {
    path,
    async talon(files, ...argv) {
      for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const printed = Promise.all([text(stdout), text(stderr)]);
      const code = await runTalon({
        plugins,
        name: 'falco-talon',
        version: '0.0.0',
        directory: join(root, 'apps/talon'),
        argv,
        context: { environment: {}, workingDirectory: path, homeDirectory: path, stdout, stderr },
      });
      stdout.end();
      stderr.end();
      const [output, errors] = await printed;
      return { code, output, errors };
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
