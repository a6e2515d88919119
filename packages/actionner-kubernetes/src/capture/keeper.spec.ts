import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { localShells } from '../../spec/local-shell.ts';
import { captureScript, keeperCommand, longestLife } from './keeper.ts';

let folder: string;
let count = 0;
const groups: number[] = [];

function kill(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keeper-'));
  await writeFile(join(folder, 'sleep'), '#!/bin/sh\nexec /bin/sleep 0.05\n', { mode: 0o755 });
});
afterEach(() => {
  for (const group of groups.splice(0)) kill(group);
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(localShells)('in $name', (shell) => {
  async function container() {
    const home = join(folder, `home-${count++}`);
    await mkdir(home);
    const env = { TMPDIR: home, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
    const start = (args: readonly string[]) => {
      // A process group each, as in a container, so that a test can kill all of it.
      const child = spawn(shell.program, [...shell.args, ...args], {
        argv0: shell.argv0,
        env,
        detached: true,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      groups.push(child.pid!);
      return child;
    };
    return {
      keeper: (life = '600', idle = '600') => start([...keeperCommand(5).slice(1, 4), life, idle]),
      capture: (words: readonly string[]) => start(['-c', captureScript(words)]),
    };
  }

  it('waits for a capture, and ends with it however that ends', async () => {
    const { keeper, capture } = await container();
    const waiting = keeper();
    const tool = capture(['/bin/sleep', '60']);
    const ended = once(waiting, 'exit');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(waiting.exitCode).toBeNull();
    kill(tool.pid!);
    expect(await ended).toEqual([0, null]);
  });

  it('ends after a while without a capture, and after its longest life with one', async () => {
    const idle = await container();
    expect(await once(idle.keeper('600', '1'), 'exit')).toEqual([0, null]);
    const { keeper, capture } = await container();
    const tool = capture(['/bin/sleep', '60']);
    expect(await once(keeper('1', '600'), 'exit')).toEqual([0, null]);
    expect(tool.exitCode).toBeNull();
    kill(tool.pid!);
  });

  it('ends at once when it is told to, so that its pod need not wait for it', async () => {
    const { keeper } = await container();
    const waiting = keeper();
    await new Promise((resolve) => setTimeout(resolve, 100));
    waiting.kill('SIGTERM');
    expect(await once(waiting, 'exit')).toEqual([0, null]);
  });

  it('hands the words to the tool as they are, and its exit code back', async () => {
    const { capture } = await container();
    const words = ["it's", '$(id)', '`id`', 'a b', '*', '"', '\\', ''];
    const tool = capture(['printf', '%s|', ...words]);
    const chunks: Buffer[] = [];
    tool.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    expect(await once(tool, 'close')).toEqual([0, null]);
    expect(Buffer.concat(chunks).toString()).toBe(`${words.join('|')}|`);
    expect((await once(capture(['/bin/sh', '-c', 'exit 7']), 'exit'))[0]).toBe(7);
  });
});

it('lives long enough for the longest capture', () => {
  expect(longestLife(600)).toBeGreaterThan(600);
  expect(keeperCommand(600).slice(4)).toEqual(['660', '15']);
});
