import { mkdir, open as openFile, readdir, readFile, rename, rmdir, stat, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import type { Entry, Queue } from '@falco-talon/core';
import { drainQueue, queueMessage } from '@falco-talon/testkit/queue';
import { directories, fileIn, openIn, recordingLogger } from './spec/queue-files.ts';
import { prepare } from './store/prepare.ts';
import { salvage } from './store/salvage.ts';

const { make, clean } = directories();
afterAll(clean);

const ids = (found: readonly { message: { id: string } }[]) => found.map((delivery) => delivery.message.id);
const large = (id: string, more = {}) => queueMessage(id, { body: Buffer.alloc(3000, `<${id}>`), ...more });
const entry = (data: string): Entry => ({ step: 's', kind: 'intent', data });

/** Makes the page where `text` stands unreadable. */
async function spoil(path: string, text: string): Promise<void> {
  const file = await openFile(path, 'r+');
  const place = (await file.readFile()).indexOf(text);
  expect(place).toBeGreaterThan(0);
  await file.write(Buffer.alloc(4096, 0xff), 0, 4096, Math.floor(place / 4096) * 4096);
  await file.close();
}

async function filled(ids: readonly string[]): Promise<string> {
  const directory = await make();
  const queue = await openIn(directory);
  for (const id of ids) await queue.publish([large(id)]);
  await queue.close();
  return directory;
}

async function drained(queue: Queue, count: number): Promise<string[]> {
  const found = ids(await drainQueue(queue, count));
  await queue.close();
  return found;
}

const NAMES = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5'];

describe('a damaged page of the journal', () => {
  it('sets aside what may have been begun, also a letter and what came with a journal; the rest goes on', async () => {
    const directory = await make();
    const first = await openIn(directory);
    await first.publish([queueMessage('letter')]);
    await drainQueue(first, 1, (delivery) => delivery.settle({ kind: 'dead', reason: 'poison' }));
    await first.publish([queueMessage('begun'), queueMessage('tried')]);
    await drainQueue(first, 2, async (delivery) => {
      if (delivery.message.id === 'begun') await delivery.append([entry('sure'.repeat(1000))]);
    });
    await first.publish([queueMessage('brought', { journal: [entry('x')] }), queueMessage('new')]);
    await first.close();
    await spoil(fileIn(directory), 'suresure');

    const logger = recordingLogger();
    const queue = await openIn(directory, { logger });
    expect(ids(await drainQueue(queue, 1))).toEqual(['new']);
    expect(logger.lines[0]?.fields).toMatchObject({ saved: 5, not_saved_at_most: 0, journal_lost: 4 });
    expect(await queue.depth()).toMatchObject({ pending: 0, dead: 4, damagedMessages: 3, damagedStores: 1 });
    const letters = await queue.deadLetters!.list({ limit: 10 });
    expect(letters.map(({ id }) => id)).toEqual(['letter', 'begun', 'tried', 'brought']);
    expect(letters.at(-1)?.reason).toMatch('a part of it is lost');
    expect(await queue.deadLetters!.read('begun')).not.toHaveProperty('journal');
    expect(await queue.deadLetters!.retry(letters.map(({ id }) => id))).toEqual([]);
    await queue.close();
  });

  it('is seen by whoever reads it first, and remembered by the start after that', async () => {
    const directory = await make();
    const first = await openIn(directory);
    await first.publish([queueMessage('begun')]);
    await drainQueue(first, 1, (delivery) => delivery.append([entry('sure'.repeat(1000))]));
    await first.close();
    await spoil(fileIn(directory), 'suresure');
    for (const dead of [1, 1]) {
      const queue = await openIn(directory);
      await queue.publish([queueMessage('new')]);
      expect(ids(await drainQueue(queue, 1))).toEqual(['new']);
      expect(await queue.depth()).toMatchObject({ pending: 0, dead });
      await queue.close();
    }
  });
});

describe('taking over what can be read', () => {
  it('uses no number again: a late settle cannot end another message', async () => {
    const directory = await filled(NAMES);
    await spoil(fileIn(directory), '<m5>');
    await drained(await openIn(directory), 5);
    const queue = await openIn(directory);
    await queue.publish([queueMessage('next')]);
    await queue.close();
    const db = new DatabaseSync(fileIn(directory));
    expect(db.prepare('SELECT seq FROM messages').get()?.['seq']).toBeGreaterThan(1_000_000);
    db.close();
  });

  it('fails when the new file cannot be written, and leaves the damaged one where it is', async () => {
    const directory = await filled(NAMES);
    const path = fileIn(directory);
    await spoil(path, '<m2>');
    const before = await readFile(path);
    await mkdir(`${path}.salvage`);
    await expect(openIn(directory)).rejects.toMatchObject({
      code: 'queue_failed',
      retryable: true,
      message: expect.stringMatching(
        /is damaged, and what can be read of it cannot be written .* Make room on its disk/,
      ),
    });
    expect(before.equals(await readFile(path))).toBe(true);
    await rmdir(`${path}.salvage`);
    expect(await drained(await openIn(directory), 5)).toEqual(['m0', 'm1', 'm3', 'm4', 'm5']);
  });

  it('does not take a full disk for the end of what can be read', async () => {
    const limits = { maxDead: 1, maxDeadBytes: 1, deadRetention: 1, now: 0 };
    const from = new DatabaseSync(fileIn(await filled(NAMES)));
    const into = prepare({ path: fileIn(await make()), maxBytes: 15 * 4096, ...limits });
    expect(() => salvage(from, into, { now: 0, logLost: false })).toThrow('full');
    for (const db of [from, into]) db.close();
  });

  it('begins again when the process ended before all was taken over', async () => {
    const directory = await filled(NAMES);
    const path = fileIn(directory);
    await spoil(path, '<m2>');
    for (const left of ['.salvage', '.salvage-wal']) await writeFile(path + left, 'half');
    expect(await drained(await openIn(directory), 5)).toEqual(['m0', 'm1', 'm3', 'm4', 'm5']);
    expect((await readdir(directory)).filter((name) => name.includes('salvage'))).toEqual([]);
  });

  it.each([
    { ended: 'was moved aside', moved: [] },
    { ended: 'log was, before it was itself', moved: ['-wal'] },
    { ended: 'was, before the new one had its place', moved: ['-wal', ''] },
  ])('goes on when the process ended before the damaged file $ended', async ({ moved }) => {
    const directory = await filled(['saved']);
    const path = fileIn(directory);
    await rename(path, `${path}.salvaged`);
    for (const suffix of ['-wal', '']) await writeFile(path + suffix, 'damaged');
    const aside = `${path}.corrupt-${(await stat(`${path}.salvaged`)).mtime.toISOString().replaceAll(':', '-')}`;
    for (const suffix of moved) await rename(path + suffix, aside + suffix);
    const logger = recordingLogger();
    const queue = await openIn(directory, { logger });
    expect(await queue.depth()).toMatchObject({ pending: 1, damagedStores: 1 });
    expect(logger.lines).toMatchObject([{ level: 'error', fields: { moved_to: aside } }]);
    expect(await drained(queue, 1)).toEqual(['saved']);
    for (const suffix of ['-wal', '']) expect(await readFile(aside + suffix, 'utf8')).toBe('damaged');
  });
});
