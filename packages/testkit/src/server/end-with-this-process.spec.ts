import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MODULE = new URL('./end-with-this-process.ts', import.meta.url).href;

/** Three children of a process: one that goes on, one that stands still, one that has ended by itself. */
const PARENT = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
const { endWithThisProcess } = await import(${JSON.stringify(MODULE)});
const start = (seconds) => {
  const child = spawn('sleep', [seconds], { stdio: 'ignore' });
  endWithThisProcess(child);
  return child;
};
const over = start('0');
const pids = [start('60').pid, start('60').pid];
process.kill(pids[1], 'SIGSTOP');
await once(over, 'exit');
process.stdout.write(JSON.stringify(pids) + '\\n');
`;

it.skipIf(process.platform === 'win32').each(['SIGKILL', 'exit'] as const)(
  'children end with a process that ends by %s, also one that stands still',
  async (end) => {
    const parent = spawn(
      process.execPath,
      ['--input-type=module', '-e', PARENT + (end === 'exit' ? 'process.exit()' : '')],
      {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const exited = once(parent, 'exit');
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(String(line)) as number[];
    if (end !== 'exit') parent.kill(end);
    await exited;
    await expect.poll(() => pids.filter(isRunning), { timeout: 20_000 }).toEqual([]);
  },
);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
