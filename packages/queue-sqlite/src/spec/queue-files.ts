import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, type Logger, type Queue } from '@falco-talon/core';
import { openSqliteQueue, type SqliteQueueOptions } from '../sqlite-queue.ts';

export interface Directories {
  /** A new, empty one. */
  readonly make: () => Promise<string>;
  readonly clean: () => Promise<unknown>;
}

export function directories(): Directories {
  const made: string[] = [];
  return {
    async make() {
      const directory = await mkdtemp(join(tmpdir(), 'queue-sqlite-'));
      made.push(directory);
      return directory;
    },
    clean: () => Promise.all(made.splice(0).map((directory) => rm(directory, { recursive: true, force: true }))),
  };
}

export function fileIn(directory: string): string {
  return join(directory, 'queue.sqlite');
}

export function openIn(directory: string, changes: Partial<SqliteQueueOptions> = {}): Promise<Queue> {
  return openSqliteQueue({
    path: fileIn(directory),
    maxMessages: 20_000,
    maxBytes: 2 ** 30,
    maxDead: 100,
    maxDeadBytes: 2 ** 28,
    deadRetention: 3_600_000,
    now: Date.now,
    logger: silentLogger,
    ...changes,
  });
}

export interface Logged {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function recordingLogger(): Logger & { readonly lines: Logged[] } {
  const lines: Logged[] = [];
  const at =
    (level: string) =>
    (text: string, fields: Readonly<Record<string, unknown>> = {}) => {
      lines.push({ level, message: text, fields });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
