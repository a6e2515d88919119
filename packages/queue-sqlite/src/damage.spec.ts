import { cp, open as openFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { drainQueue, queueMessage } from '@falco-talon/testkit/queue';
import { directories, fileIn, openIn, recordingLogger } from './spec/queue-files.ts';

const { make, clean } = directories();
afterAll(clean);

const ids = (found: readonly { message: { id: string } }[]) => found.map((delivery) => delivery.message.id);

/** A directory with `count` messages in it and nobody at work. */
async function filled(count: number, bytes = 10): Promise<string> {
  const directory = await make();
  const queue = await openIn(directory);
  for (let number = 0; number < count; number++) {
    await queue.publish([queueMessage(`m${number}`, { body: Buffer.alloc(bytes, `<${number}>`) })]);
  }
  await queue.close();
  return directory;
}

/** Changes one byte of the file where `text` stands. */
async function flipIn(path: string, text: string): Promise<void> {
  const bytes = await readFile(path);
  const place = bytes.indexOf(text);
  expect(place).toBeGreaterThan(0);
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
  await writeFile(path, bytes);
}

describe('damage', () => {
  it('of one message sets that one aside, counts and logs it', async () => {
    const directory = await filled(3, 100);
    await flipIn(fileIn(directory), '<1><1>');
    const logger = recordingLogger();
    const queue = await openIn(directory, { logger });
    expect(ids(await drainQueue(queue, 2))).toEqual(['m0', 'm2']);
    expect(await queue.depth()).toMatchObject({ pending: 0, dead: 1, damagedMessages: 1, damagedStores: 0 });
    expect(logger.lines).toEqual([
      {
        level: 'error',
        message: 'a message was set aside as unreadable',
        fields: { seq: 2, reason: 'the checksum of the message does not match' },
      },
    ]);
    await queue.close();
  });

  it('of a journal sets its message aside: nobody knows what was done already', async () => {
    const directory = await filled(2);
    const first = await openIn(directory);
    await drainQueue(first, 2, (delivery) =>
      delivery.append([{ step: 's', kind: 'intent', data: `sure-${delivery.message.id}` }]),
    );
    await first.close();
    await flipIn(fileIn(directory), 'sure-m0');
    const queue = await openIn(directory);
    const [found] = await drainQueue(queue, 1);
    expect(found?.journal).toEqual([{ step: 's', kind: 'intent', data: 'sure-m1' }]);
    expect(await queue.depth()).toMatchObject({ pending: 0, dead: 1 });
    await queue.close();
  });

  it('of a dead letter leaves it in the list; it can be dropped, and is not put back', async () => {
    const directory = await filled(3, 100);
    const first = await openIn(directory);
    await drainQueue(first, 3, async (delivery) => {
      await delivery.append([{ step: 's', kind: 'intent', data: `sure-${delivery.message.id}` }]);
      await delivery.settle({ kind: 'dead', reason: 'poison' });
    });
    await first.close();
    await flipIn(fileIn(directory), '<1><1>');
    await flipIn(fileIn(directory), 'sure-m2');
    const queue = await openIn(directory);
    const letters = queue.deadLetters!;
    const listed = async () => (await letters.list({ limit: 10 })).map(({ id }) => id);
    expect(await letters.read('m1')).toMatchObject({ id: 'm1', reason: 'poison', journal: [{ kind: 'intent' }] });
    expect(await letters.read('m1')).not.toHaveProperty('message');
    expect(await letters.read('m2')).toMatchObject({ message: { id: 'm2' } });
    expect(await letters.read('m2')).not.toHaveProperty('journal');
    expect(await letters.retry(['m1', 'm2', 'm0'])).toEqual(['m0']);
    expect(await listed()).toEqual(['m1', 'm2']);
    expect(await letters.drop(await listed())).toEqual(['m1', 'm2']);
    await queue.close();
  });

  it('of an id leaves a letter with a name of its own', async () => {
    const directory = await filled(1, 100);
    const db = new DatabaseSync(fileIn(directory));
    db.exec(String.raw`UPDATE messages SET id = 'torn\'`);
    db.close();
    const queue = await openIn(directory);
    const abort = new AbortController();
    const consumed = queue.consume(async () => {}, { inFlight: 1, perKey: 1, signal: abort.signal });
    await vi.waitFor(async () => expect(await queue.depth()).toMatchObject({ pending: 0, dead: 1 }), { interval: 5 });
    abort.abort();
    await consumed;
    const [letter] = await queue.deadLetters!.list({ limit: 10 });
    expect(letter).toMatchObject({ id: 'damaged#1', reason: 'the checksum of the message does not match' });
    expect(await queue.deadLetters!.read('damaged#1')).toMatchObject({ id: 'damaged#1', journal: [] });
    expect(await queue.deadLetters!.drop(['damaged#1'])).toEqual(['damaged#1']);
    await queue.close();
  });

  it('of the end of the log costs only what was not acknowledged yet', async () => {
    const directory = await make();
    const queue = await openIn(directory);
    for (const id of ['1', '2', '3']) await queue.publish([queueMessage(id)]);
    const size = (await stat(`${fileIn(directory)}-wal`)).size;
    await queue.publish([queueMessage('torn')]);
    const crashed = await make();
    await cp(directory, crashed, { recursive: true });
    await queue.close();
    const wal = `${fileIn(crashed)}-wal`;
    await truncate(wal, size + Math.floor(((await stat(wal)).size - size) / 2));
    const again = await openIn(crashed);
    expect(ids(await drainQueue(again, 3))).toEqual(['1', '2', '3']);
    expect(await again.depth()).toMatchObject({ pending: 0, dead: 0 });
    await again.publish([queueMessage('4')]);
    expect(ids(await drainQueue(again, 1))).toEqual(['4']);
    await again.close();
  });

  it('of a page costs the messages on it: the file is kept, the rest taken over', async () => {
    const directory = await filled(40, 3000);
    const broken = await openFile(fileIn(directory), 'r+');
    const place = (await broken.readFile()).indexOf('<20><20>');
    await broken.write(Buffer.alloc(4096, 0xff), 0, 4096, Math.floor(place / 4096) * 4096);
    await broken.close();

    const logger = recordingLogger();
    const now = () => Date.UTC(2026, 0, 2, 3, 4, 5);
    const queue = await openIn(directory, { logger, now });
    const { pending, damagedStores } = await queue.depth();
    expect(damagedStores).toBe(1);
    expect(pending).toBeGreaterThanOrEqual(38);
    expect(pending).toBeLessThan(40);
    const found = ids(await drainQueue(queue, pending));
    expect(found).toEqual(found.toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
    expect(found).toContain('m0');
    expect(found).toContain('m39');
    expect(found).not.toContain('m20');
    await queue.close();
    const aside = `${fileIn(directory)}.corrupt-2026-01-02T03-04-05.000Z`;
    expect(logger.lines).toMatchObject([
      {
        level: 'error',
        message: 'the queue was damaged and has been started afresh',
        fields: { moved_to: aside, saved: pending, not_saved_at_most: 40 - pending },
      },
    ]);
    expect(logger.lines[0]?.fields).not.toHaveProperty('journal_lost');
    expect((await stat(aside)).size).toBeGreaterThan(100_000);
  });

  it.each([
    ['no database at all', Buffer.from('this is not a database, and longer than a header would be. '.repeat(50))],
    ['zeros', Buffer.alloc(8192)],
    ['a header and nothing else', Buffer.from('SQLite format 3\0'.padEnd(4096, '\u0001'))],
  ])('a file that is %s is moved aside', async (_, content) => {
    const directory = await make();
    await writeFile(fileIn(directory), content);
    const logger = recordingLogger();
    const queue = await openIn(directory, { logger });
    await queue.publish([queueMessage('m')]);
    expect(ids(await drainQueue(queue, 1))).toEqual(['m']);
    await queue.close();
    const aside = (await readdir(directory)).filter((name) => name.includes('.corrupt-'));
    expect(aside).toHaveLength(1);
    expect(logger.lines.map(({ level }) => level)).toEqual(['error']);
  });
});

describe('a file that must not be touched', () => {
  it('of another format version is refused and left as it was', async () => {
    const directory = await filled(1);
    const db = new DatabaseSync(fileIn(directory));
    db.exec('PRAGMA user_version = 99');
    db.close();
    const before = await readFile(fileIn(directory));
    await expect(openIn(directory)).rejects.toMatchObject({
      code: 'queue_failed',
      retryable: false,
      message: expect.stringMatching(
        /has the format 99, this version of Falco Talon reads and writes format 1\. Start/,
      ),
    });
    expect(await readdir(directory)).toEqual(['queue.sqlite']);
    expect(before.equals(await readFile(fileIn(directory)))).toBe(true);
  });

  it('of another program is refused and left as it was', async () => {
    const directory = await make();
    const db = new DatabaseSync(fileIn(directory));
    db.exec('CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)');
    db.close();
    const before = await readFile(fileIn(directory));
    await expect(openIn(directory)).rejects.toThrow('is a database of another program. Set queue.sqlite.path');
    expect(before.equals(await readFile(fileIn(directory)))).toBe(true);
  });

  it('in a directory that does not exist is a clear error', async () => {
    await expect(openIn('/nonexistent/falco-talon')).rejects.toThrow(
      '/nonexistent/falco-talon/queue.sqlite cannot be opened: ENOENT',
    );
  });
});

it('makes files nobody else can read', async () => {
  const directory = await make();
  const queue = await openIn(directory);
  await queue.publish([queueMessage('m')]);
  for (const name of await readdir(directory)) expect((await stat(`${directory}/${name}`)).mode & 0o077).toBe(0);
  expect((await readdir(directory)).toSorted()).toEqual(['queue.sqlite', 'queue.sqlite-wal']);
  await queue.close();
  expect(await readdir(directory)).toEqual(['queue.sqlite']);
});
