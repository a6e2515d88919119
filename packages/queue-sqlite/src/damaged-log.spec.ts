import { cp, open as openFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import type { Entry } from '@falco-talon/core';
import { drainQueue, queueMessage } from '@falco-talon/testkit/queue';
import { directories, fileIn, openIn, recordingLogger } from './spec/queue-files.ts';
import { lostFrames } from './store/lost-frames.ts';

const { make, clean } = directories();
afterAll(clean);

const logIn = (directory: string) => `${fileIn(directory)}-wal`;
const ids = (found: readonly { message: { id: string } }[]) => found.map((delivery) => delivery.message.id);
const large = (id: string) => queueMessage(id, { body: Buffer.alloc(3000, `<${id}>`) });
const intent: Entry = { step: 's', kind: 'intent', data: 'x' };
const unsettled = async () => {};

type Open = Awaited<ReturnType<typeof openIn>>;

/** What a crash leaves behind after that; it may look at the log on the way. */
async function crashed(from: string | undefined, work: (queue: Open, log: () => Promise<Buffer>) => Promise<unknown>) {
  const directory = from ?? (await make());
  const queue = await openIn(directory);
  await work(queue, () => readFile(logIn(directory)));
  const copy = await make();
  await cp(directory, copy, { recursive: true });
  await queue.close();
  return copy;
}

const stored = (names: readonly string[]) =>
  crashed(undefined, async (queue) => {
    for (const id of names) await queue.publish([large(id)]);
  });

async function flip(path: string, place: (bytes: Buffer) => number): Promise<Buffer> {
  const bytes = await readFile(path);
  const at = place(bytes);
  expect(at).toBeGreaterThan(0);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(path, bytes);
  return bytes;
}

const NAMES = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5'];

describe('a byte that changes inside the log', () => {
  it.each([
    { what: 'a message', place: (log: Buffer) => log.indexOf('<m2>'), left: ['m0', 'm1'] },
    { what: 'the checksum of a frame', place: () => 32 + 24 + 4096 + 16, left: [] },
    { what: 'the salt of a frame', place: () => 32 + 24 + 4096 + 8, left: [] },
    { what: 'the salt in the header', place: () => 17, left: [] },
    { what: 'the first bytes of the header', place: () => 3, left: [] },
  ])('is told, counted, and the log kept: $what', async ({ place, left }) => {
    const directory = await stored(NAMES);
    const bytes = await flip(logIn(directory), place);
    const logger = recordingLogger();
    const queue = await openIn(directory, { logger });
    expect(logger.lines).toMatchObject([
      { level: 'error', fields: { lost_frames: expect.any(Number), set_aside: left.length } },
    ]);
    expect(bytes.equals(await readFile(String(logger.lines[0]?.fields['kept_as'])))).toBe(true);
    const set = left.length;
    expect(await queue.depth()).toMatchObject({ pending: 0, dead: set, damagedMessages: set, damagedStores: 1 });
    expect((await queue.deadLetters!.list({ limit: 10 })).map(({ id }) => id)).toEqual(left);
    await queue.close();
  });

  it('behind which a message was handled and deleted: it is not handled again unless somebody says so', async () => {
    const directory = await crashed(undefined, async (queue) => {
      await queue.publish([queueMessage('rests')]);
      await drainQueue(queue, 1, (delivery) => delivery.settle({ kind: 'dead', reason: 'poison' }));
      await queue.publish([large('handled'), queueMessage('begun', { journal: [intent] })]);
      await queue.publish([large('flipped')]);
      await drainQueue(queue, 3, async (delivery) => {
        if (delivery.message.id !== 'handled') return;
        await delivery.append([intent]);
        await delivery.settle({ kind: 'done' });
      });
    });
    await flip(logIn(directory), (log) => log.indexOf('<flipped>'));
    const queue = await openIn(directory);
    await queue.publish([queueMessage('new')]);
    expect(ids(await drainQueue(queue, 1))).toEqual(['new']);
    const letters = queue.deadLetters!;
    const lost = expect.stringMatching(/^what was done about it may be lost.*see whether.*\(retry\) or drop it$/);
    expect(await letters.list({ limit: 10 })).toMatchObject([
      { id: 'rests', reason: expect.stringMatching(/^poison; what was done about it may be lost/) },
      { id: 'handled', reason: lost },
      { id: 'begun', reason: lost },
    ]);
    expect(await letters.read('handled')).toMatchObject({ message: { id: 'handled' }, journal: [] });
    expect(await letters.retry(['handled', 'begun'])).toEqual(['handled', 'begun']);
    const again = await drainQueue(queue, 2);
    expect(ids(again)).toEqual(['handled', 'begun']);
    expect(again[1]?.journal).toEqual([intent]);
    await queue.close();
  });

  it('is told once: a crash after the start that found it costs nothing more', async () => {
    const directory = await stored(NAMES);
    await flip(logIn(directory), (log) => log.indexOf('<m1>'));
    const again = await crashed(directory, async (queue) => {
      await queue.publish([large('new')]);
      await drainQueue(queue, 1, unsettled);
    });
    const logger = recordingLogger();
    const queue = await openIn(again, { logger });
    expect(logger.lines).toEqual([]);
    expect(await queue.depth()).toMatchObject({ pending: 1, dead: 1, damagedStores: 0 });
    expect(ids(await drainQueue(queue, 1))).toEqual(['new']);
    await queue.close();
    // No number of what is lost: a late settle cannot end another message.
    const db = new DatabaseSync(fileIn(again), { readOnly: true });
    expect(db.prepare('SELECT seq FROM sqlite_sequence').get()?.['seq']).toBeGreaterThan(1_000_000);
    db.close();
  });

  it('together with a damaged page: what is taken over is set aside, before it has the place of the file', async () => {
    const directory = await make();
    const first = await openIn(directory);
    for (const id of NAMES) await first.publish([large(id)]);
    await first.close();
    const copy = await crashed(directory, async (queue) => {
      for (const id of ['a', 'b', 'c']) await queue.publish([large(id)]);
    });
    await flip(logIn(copy), (log) => log.indexOf('<b>'));
    const file = await openFile(fileIn(copy), 'r+');
    const place = (await file.readFile()).indexOf('<m2>');
    await file.write(Buffer.alloc(4096, 0xff), 0, 4096, Math.floor(place / 4096) * 4096);
    await file.close();
    const logger = recordingLogger();
    const queue = await openIn(copy, { logger });
    const { pending, dead } = await queue.depth();
    expect({ pending, dead: dead > 0 }).toEqual({ pending: 0, dead: true });
    expect(logger.lines).toMatchObject([{ fields: { saved: dead } }, { fields: { set_aside: dead } }]);
    expect((await readdir(copy)).filter((name) => name.includes('.corrupt-')).length).toBeGreaterThan(1);
    await queue.close();
  });
});

describe('is no damage', () => {
  it('a log that ends in the middle of a transaction, or has an older use behind it', async () => {
    const log = logIn(await stored(NAMES));
    const whole = await readFile(log);
    expect(lostFrames(log)).toBe(0);
    const last = whole.lastIndexOf('<m5>');
    const torn = Buffer.from(whole);
    torn.writeUInt8(0, last);
    await writeFile(log, torn);
    expect(lostFrames(log)).toBe(0);
    await writeFile(log, whole.subarray(0, last));
    expect(lostFrames(log)).toBe(0);
    const older = Buffer.from(whole.subarray(32));
    for (let at = 8; at < older.length; at += 24 + 4096) older.writeUInt32BE(7, at);
    await writeFile(log, Buffer.concat([whole, older]));
    expect(lostFrames(log)).toBe(0);
  });

  it('a power cut in a transaction, and one more in the longer one that was written over it', async () => {
    let flushed = 0;
    const first = await crashed(undefined, async (queue, log) => {
      await queue.publish([large('m1')]);
      flushed = (await log()).length;
      await queue.publish(['a', 'b', 'c'].map(large));
    });
    // Of the first sector nothing was written, all else was.
    const half = await readFile(logIn(first));
    half.fill(0, flushed, flushed + 512);
    await writeFile(logIn(first), half);
    const second = await crashed(first, (queue) => queue.publish(['d', 'e', 'f', 'g', 'h', 'i'].map(large)));
    const longer = await readFile(logIn(second));
    expect(longer.length).toBeGreaterThan(half.length);
    half.copy(longer, flushed, flushed);
    await writeFile(logIn(second), longer);

    const logger = recordingLogger();
    const queue = await openIn(second, { logger });
    expect(logger.lines).toEqual([]);
    expect(await queue.depth()).toMatchObject({ pending: 1, dead: 0, damagedMessages: 0, damagedStores: 0 });
    expect(ids(await drainQueue(queue, 1))).toEqual(['m1']);
    await queue.close();
  });
});
