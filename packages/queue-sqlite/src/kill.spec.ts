import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endWithThisProcess } from '@falco-talon/testkit/server';
import { afterAll, describe, expect, it } from 'vitest';
import { drainQueue } from '@falco-talon/testkit/queue';
import { BATCH, INTENT, RESULT, type Point } from './spec/process.fixture.ts';
import { directories, fileIn, openIn } from './spec/queue-files.ts';

const { make, clean } = directories();
const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await clean();
});

function start(directory: string, point: Point) {
  const program = fileURLToPath(new URL('./spec/process.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@falco-talon/source', program, fileIn(directory), point], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithThisProcess(child);
  children.push(child);
  return { child, ended: once(child, 'exit'), lines: createInterface({ input: child.stdout }) };
}

async function killedAt(directory: string, point: Point): Promise<void> {
  const [, signal] = (await start(directory, point).ended) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
}

describe('a process killed with SIGKILL', { concurrent: true, timeout: 30_000 }, () => {
  it.each([
    { point: 'published', attempt: 1, journal: [] },
    { point: 'handler', attempt: 2, journal: [] },
    { point: 'intent', attempt: 2, journal: [INTENT] },
    { point: 'result', attempt: 2, journal: [INTENT, RESULT] },
  ] as const)(
    '$point: has lost nothing, kept the journal and counted the attempt',
    async ({ point, attempt, journal }) => {
      const directory = await make();
      await killedAt(directory, point);
      const queue = await openIn(directory);
      const found = await drainQueue(queue, 3);
      expect(found.map(({ message: { id, headers } }) => [id, headers])).toEqual(
        ['1', '2', '3'].map((id) => [id, { id }]),
      );
      expect(found.map(({ message: { body } }) => Buffer.from(body).toString())).toEqual(
        ['1', '2', '3'].map((id) => `body of ${id}`),
      );
      expect(found.map((delivery) => delivery.attempt)).toEqual([attempt, 1, 1]);
      expect(found.map((delivery) => delivery.journal)).toEqual([journal, [], []]);
      await queue.close();
    },
  );

  it('done: repeats nothing that was settled', async () => {
    const directory = await make();
    await killedAt(directory, 'done');
    const queue = await openIn(directory);
    expect(await queue.depth()).toMatchObject({ pending: 2, dead: 0 });
    expect((await drainQueue(queue, 2)).map((delivery) => delivery.message.id)).toEqual(['2', '3']);
    await queue.close();
  });

  it('counts every attempt of a message that ends the process', async () => {
    const directory = await make();
    await killedAt(directory, 'handler');
    await killedAt(directory, 'handler');
    const queue = await openIn(directory);
    expect((await drainQueue(queue, 3)).map((delivery) => delivery.attempt)).toEqual([3, 1, 1]);
    await queue.close();
  });

  it('under load: has every acknowledged batch whole, in its order, and none in part', async () => {
    const directory = await make();
    const { child, ended, lines } = start(directory, 'flood');
    const published = new Set<number>();
    const settled = new Set<string>();
    for await (const line of lines) {
      const [what, which = ''] = line.split(' ');
      if (what === 'published') published.add(Number(which));
      else settled.add(which);
      if (published.size === 1000) child.kill('SIGKILL');
    }
    expect(await ended).toEqual([null, 'SIGKILL']);
    const queue = await openIn(directory);
    const { pending } = await queue.depth();
    const found = (await drainQueue(queue, pending)).map(({ message: { id } }) => ({ id }));
    await queue.close();

    const there = new Set(found.map(({ id }) => id));
    const ids = (batch: number) => Array.from({ length: BATCH }, (_, index) => `${batch}-${index}`);
    const unexplained = [...published].flatMap(ids).filter((id) => !there.has(id) && !settled.has(id));
    expect(unexplained).toEqual([]);
    const batches = new Set(found.map(({ id }) => Number(id.split('-')[0])));
    const torn = [...batches].flatMap(ids).filter((id) => !there.has(id) && !settled.has(id));
    expect(torn).toEqual([]);
    expect(there.size).toBe(found.length);
    const order = new Map(found.map(({ id }, index) => [id, index]));
    for (const places of [...batches].map((batch) => ids(batch).flatMap((id) => order.get(id) ?? []))) {
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });

  it('on a full disk: refuses what it cannot store, says so, recovers by itself and keeps what it had', async () => {
    const directory = await make();
    const { ended, lines } = start(directory, 'full');
    const said: string[] = [];
    lines.on('line', (line) => said.push(line));
    expect(await ended).toEqual([null, 'SIGKILL']);
    const stored = Number(said[0]?.split(' ')[1]);
    expect(stored).toBeGreaterThan(10);
    expect(said.slice(1)).toEqual([
      'publish disk true',
      'ready disk true',
      'ready fine',
      'publish fine',
      `pending ${stored + 1}`,
    ]);
    const queue = await openIn(directory);
    const found = (await drainQueue(queue, stored + 1)).map((delivery) => delivery.message.id);
    expect(found).toEqual([...Array.from({ length: stored }, (_, index) => `${index}`), 'welcome']);
    await queue.close();
  });

  it('gives its file free; while it lives, a second process is refused with a sentence', async () => {
    const directory = await make();
    const { child, ended, lines } = start(directory, 'open');
    await once(lines, 'line');
    await expect(openIn(directory)).rejects.toMatchObject({
      code: 'queue_failed',
      message: expect.stringMatching(/queue\.sqlite is in use by another process\. Stop it/),
    });
    child.kill('SIGKILL');
    await ended;
    const queue = await openIn(directory);
    expect(await queue.depth()).toMatchObject({ pending: 0, dead: 0 });
    await queue.close();
  });
});
