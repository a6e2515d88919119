import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Delivery } from '@falco-talon/core';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { drainQueue, queueMessage } from '@falco-talon/testkit/queue';
import type { Crash } from './spec/crashing-worker.fixture.ts';
import { directories, openIn, recordingLogger } from './spec/queue-files.ts';

const { make, clean } = directories();
afterAll(clean);

const worker = new URL('./spec/crashing-worker.fixture.ts', import.meta.url);
const crash = (id: Crash) => queueMessage(id);
const ids = (found: readonly Delivery[]) => found.map((delivery) => delivery.message.id);

async function untilReady(queue: { ready(): Promise<void> }): Promise<void> {
  await vi.waitFor(() => queue.ready(), { interval: 10, timeout: 5000 });
}

describe('a worker that ends', () => {
  it('fails everything that was asked, turns ready red, and comes back with what was stored', async () => {
    const logger = recordingLogger();
    const queue = await openIn(await make(), { worker, logger });
    await queue.publish([queueMessage('1'), queueMessage('2', { key: 'b' })]);
    const failed = { code: 'queue_failed', retryable: true, message: expect.stringContaining('(exit code 3)') };
    const asked = [queue.publish([crash('crash-before')]), queue.publish([queueMessage('3')]), queue.ready()];
    for (const outcome of await Promise.allSettled(asked)) expect(outcome).toMatchObject({ reason: failed });
    await expect(queue.ready()).rejects.toMatchObject(failed);
    await expect(queue.publish([queueMessage('4')])).rejects.toMatchObject(failed);
    await untilReady(queue);
    await queue.publish([queueMessage('5', { key: 'c' })]);
    expect(ids(await drainQueue(queue, 3))).toEqual(['1', '2', '5']);
    expect(logger.lines).toMatchObject([{ level: 'error', fields: { reason: 'exit code 3' } }]);
    await queue.close();
  });

  it('after it had written: delivers what was stored, though the publisher was told it may not be', async () => {
    const queue = await openIn(await make(), { worker });
    await expect(queue.publish([crash('crash-after')])).rejects.toMatchObject({
      code: 'queue_failed',
      message: expect.stringContaining('(broken on purpose)'),
    });
    expect(ids(await drainQueue(queue, 1))).toEqual(['crash-after']);
    expect(await queue.depth()).toMatchObject({ pending: 0, dead: 0 });
    await queue.close();
  });

  it('does not deliver again what a handler still has; its end can be settled', async () => {
    const queue = await openIn(await make(), { worker });
    await queue.publish([queueMessage('1'), queueMessage('2')]);
    let first: Delivery | undefined;
    await drainQueue(queue, 1, async (delivery) => {
      first = delivery;
    });
    await expect(queue.publish([crash('crash-before')])).rejects.toMatchObject({ code: 'queue_failed' });
    await expect(first?.settle({ kind: 'done' })).rejects.toMatchObject({ code: 'queue_failed' });
    await untilReady(queue);
    expect(ids(await drainQueue(queue, 1))).toEqual(['2']);
    await first?.append([{ step: 's', kind: 'result', data: 1 }]);
    await first?.settle({ kind: 'done' });
    expect(await queue.depth()).toMatchObject({ pending: 0, dead: 0 });
    await queue.close();
  });

  it('does not hold up close', async () => {
    const queue = await openIn(await make(), { worker });
    await expect(queue.publish([crash('crash-before')])).rejects.toMatchObject({ code: 'queue_failed' });
    await queue.close();
    await expect(queue.publish([queueMessage('1')])).rejects.toThrow('closed');
  });
});

it('close stores what was asked before', async () => {
  const directory = await make();
  const queue = await openIn(directory);
  const asked = Array.from({ length: 1000 }, (_, index) => queue.publish([queueMessage(`m${index}`)]));
  await queue.close();
  expect((await Promise.all(asked)).flat()).toHaveLength(1000);
  const again = await openIn(directory);
  expect(await again.depth()).toMatchObject({ pending: 1000, dead: 0 });
  await again.close();
});

it('starts from .js files as it does from sources', async () => {
  const directory = await make();
  const built = join(directory, 'dist');
  const sources = fileURLToPath(new URL('.', import.meta.url));
  await mkdir(built);
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  await symlink(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(directory, 'node_modules'));
  await cp(sources, built, { recursive: true });
  for (const name of await readdir(built, { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const source = stripTypeScriptTypes(await readFile(join(built, name), 'utf8'));
    // What the compiler does to the endings of relative imports, and to nothing else.
    const code = source.replaceAll(/((?:from|import) '\.[^']*)\.ts'/g, "$1.js'");
    await writeFile(join(built, name.replace(/\.ts$/, '.js')), code);
  }
  await writeFile(
    join(built, 'main.js'),
    `import { queueMessage } from '@falco-talon/testkit/queue';
     import { openIn } from './spec/queue-files.js';
     const queue = await openIn(${JSON.stringify(directory)});
     await queue.publish([queueMessage('m')]);
     await queue.close();`,
  );
  const child = spawn(process.execPath, ['--conditions=@falco-talon/source', join(built, 'main.js')], {
    stdio: 'ignore',
  });
  expect(await once(child, 'exit')).toEqual([0, null]);
  const queue = await openIn(directory);
  expect(await queue.depth()).toMatchObject({ pending: 1, dead: 0 });
  await queue.close();
});
