import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@falco-talon/core';
import { testQueue } from '@falco-talon/testkit';
import { afterAll } from 'vitest';
import { openSqliteQueue } from './sqlite-queue.ts';

const directories: string[] = [];
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))));

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'queue-sqlite-'));
  directories.push(directory);
  return directory;
}

function openIn(directory: string) {
  return openSqliteQueue({
    path: join(directory, 'queue.sqlite'),
    maxMessages: 20_000,
    maxBytes: 2 ** 30,
    maxDead: 2000,
    maxDeadBytes: 2 ** 28,
    deadRetention: 3_600_000,
    now: Date.now,
    logger: silentLogger,
  });
}

testQueue('sqlite', {
  durable: true,
  async open() {
    const directory = await newDirectory();
    const queue = await openIn(directory);
    return {
      queue,
      // The files as they are on disk while the first process still has them open: what a crash leaves behind.
      async reopen() {
        const copy = await newDirectory();
        await cp(directory, copy, { recursive: true });
        return openIn(copy);
      },
    };
  },
});
