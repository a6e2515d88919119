import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { endWithThisProcess } from '@falco-talon/testkit/server';
import type { FaultRun } from '../scenario.ts';
import { durableFiles } from './durable-files.ts';

/** Microseconds a flush takes longer than it does: a real disk's, and so long that the power goes in the middle of some. */
const FLUSH = 10_000;
/** Bytes of one write that are traced: more than a database ever writes at once. */
const LONGEST_WRITE = 1_048_576;

export interface TracedDisk {
  /** Once the process was killed: leaves of the files what a disk would hold, and says how many bytes that are less. */
  cut(survives: () => boolean): Promise<{ readonly lost: number; readonly flushes: number }>;
}

let traces = 0;

/**
 * Notes what a process writes to the files and what it flushes, until it ends. What they held before counts as flushed.
 * @returns why it cannot, where there is no strace or the system does not let it look
 */
export async function traceDisk(run: FaultRun, pid: number, paths: readonly string[]): Promise<TracedDisk | string> {
  const output = join(run.directory, `trace-${traces++}`);
  const calls = ['-e', 'trace=pwrite64,ftruncate,fsync,fdatasync', '-e', `inject=fsync,fdatasync:delay_enter=${FLUSH}`];
  const shape = ['-f', '-y', '-xx', '-s', String(LONGEST_WRITE), '-o', output];
  const strace = spawn('strace', [...shape, ...calls, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  run.cleanUp(() => strace.kill());
  endWithThisProcess(strace);
  const closed = new Promise((resolve) => strace.once('close', resolve));
  const said = await new Promise<string>((resolve) => {
    strace.on('error', () => resolve('there is no strace'));
    strace.stderr.once('data', (text: Buffer) => resolve(text.toString().trim()));
  });
  if (!said.includes(' attached')) return said;
  const before = new Map<string, Buffer>();
  for (const path of paths) before.set(path, await readFile(path));
  return {
    async cut(survives) {
      await closed;
      const disk = durableFiles(before);
      for await (const line of createInterface({ input: createReadStream(output) })) disk.trace(line);
      const { files, lost } = disk.cut(survives);
      for (const [path, content] of files) await writeFile(path, content);
      return { lost, flushes: disk.flushes };
    },
  };
}
