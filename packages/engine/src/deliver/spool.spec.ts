import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSpool, type Spool, type SpoolLimits } from './spool.ts';

const artifact = { name: 'dump', mediaType: 'application/octet-stream' };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const limits: SpoolLimits = { artifactBytes: 10, totalBytes: 25 };
const { signal } = new AbortController();

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'spool-'))));
afterEach(async () => rm(directory, { recursive: true, force: true }));
const open = (given: SpoolLimits = limits): Promise<Spool> => openSpool(directory, given, () => 1234);

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('keep', () => {
  it('writes the bytes for the owner alone, with size and hash', async () => {
    const spool = await open();
    const kept = await spool.keep('step', 0, artifact, chunks('abc', '', 'def'), signal);
    expect(kept).toEqual({
      ...artifact,
      file: expect.stringMatching(/^[0-9a-f]{64}$/),
      bytes: 6,
      sha256: sha256('abcdef'),
      truncated: false,
      keptAt: 1234,
    });
    expect(await readFile(join(directory, kept.file), 'utf8')).toBe('abcdef');
    expect((await stat(join(directory, kept.file))).mode & 0o777).toBe(0o600);
    expect(await textOf(spool.open(kept))).toBe('abcdef');
    expect(await textOf(spool.open(kept))).toBe('abcdef');
    expect(spool.depth().bytes).toBe(6);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('keeps an empty artifact', async () => {
    const spool = await open();
    const kept = await spool.keep('step', 0, artifact, chunks(), signal);
    expect(kept).toMatchObject({ bytes: 0, sha256: sha256(''), truncated: false });
    expect(await textOf(spool.open(kept))).toBe('');
  });

  it.each([
    [['0123456789'], false],
    [['01234', '56789'], false],
    [['0123456789', ''], false],
    [['0123456789', 'x'], true],
    [['01234', '567890123'], true],
    [['0123456789'.repeat(100)], true],
  ])('cuts %j at the limit and hashes what it kept', async (texts, truncated) => {
    let ended = false;
    async function* body() {
      try {
        yield* chunks(...texts);
      } finally {
        ended = true;
      }
    }
    const kept = await (await open()).keep('step', 0, artifact, body(), signal);
    expect(kept).toMatchObject({ bytes: 10, truncated, sha256: sha256('0123456789') });
    expect(await readFile(join(directory, kept.file), 'utf8')).toBe('0123456789');
    expect(ended).toBe(true);
  });

  it('marks what its source calls incomplete, asked when all has come', async () => {
    let broke = false;
    async function* body() {
      yield* chunks('half');
      broke = true;
    }
    const spool = await open();
    const kept = await spool.keep('step', 0, { ...artifact, incomplete: () => broke }, body(), signal);
    expect(kept).toMatchObject({ bytes: 4, truncated: true, sha256: sha256('half') });
    expect(JSON.parse(JSON.stringify(kept))).toEqual(kept);
    const whole = await spool.keep('step', 1, { ...artifact, incomplete: () => false }, chunks('whole'), signal);
    expect(whole.truncated).toBe(false);
  });

  it('replaces what an earlier attempt of the same step left, and only that', async () => {
    const spool = await open();
    const first = await spool.keep('step', 0, artifact, chunks('first'), signal);
    const second = await spool.keep('step', 0, artifact, chunks('2nd'), signal);
    const other = await spool.keep('step', 1, artifact, chunks('other'), signal);
    expect(second.file).toBe(first.file);
    expect(other.file).not.toBe(first.file);
    expect(await textOf(spool.open(first))).toBe('2nd');
    expect(spool.depth().bytes).toBe(8);
  });

  it('takes no more than it may hold, and again when there is room', async () => {
    const spool = await open();
    const kept = await spool.keep('a', 0, artifact, chunks('x'.repeat(100)), signal);
    await spool.keep('b', 0, artifact, chunks('x'.repeat(10)), signal);
    await expect(spool.keep('c', 0, artifact, chunks('123', '456'), signal)).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('25 bytes'),
    });
    expect(spool.depth().bytes).toBe(20);
    expect(await readdir(directory)).toHaveLength(2);
    await spool.remove(kept);
    await spool.remove(kept);
    expect(spool.depth().bytes).toBe(10);
    await expect(spool.keep('c', 0, artifact, chunks('123', '456'), signal)).resolves.toMatchObject({ bytes: 6 });
  });

  it('notices room that somebody made by hand', async () => {
    const spool = await open();
    const kept = await spool.keep('a', 0, artifact, chunks('x'.repeat(10)), signal);
    await spool.keep('b', 0, artifact, chunks('x'.repeat(10)), signal);
    await rm(join(directory, kept.file));
    await spool.keep('c', 0, artifact, chunks('x'.repeat(10)), signal);
    expect(spool.depth().bytes).toBe(20);
    await spool.remove(kept);
    expect(spool.depth().bytes).toBe(20);
  });

  it('takes no more artifacts than it may, however small, and says what to do', async () => {
    for (let n = 0; n < 20; n++) await writeFile(join(directory, `old-${n}`), '');
    const spool = await open({ ...limits, files: 20 });
    await expect(spool.keep('step', 0, artifact, chunks('x'), signal)).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('20 files'),
    });
    await spool.remove({ ...artifact, file: 'old-0', bytes: 0, sha256: '', truncated: false, keptAt: 0 });
    await expect(spool.keep('step', 0, artifact, chunks('x'), signal)).resolves.toMatchObject({ bytes: 1 });
    await expect(spool.keep('next', 0, artifact, chunks('x'), signal)).rejects.toMatchObject({ code: 'too_large' });
  });

  it('counts artifacts that are written at the same time', async () => {
    const spool = await open();
    const kept = await Promise.allSettled(
      ['a', 'b', 'c'].map((step) => spool.keep(step, 0, artifact, chunks('12345', '67890'), signal)),
    );
    expect(kept.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(spool.depth().bytes).toBe(20);
  });

  it('leaves nothing of a source that throws', async () => {
    const spool = await open();
    async function* body() {
      yield Buffer.from('abc');
      throw new Error('connection reset');
    }
    await expect(spool.keep('step', 0, artifact, body(), signal)).rejects.toThrow('connection reset');
    expect(await readdir(directory)).toEqual([]);
    expect(spool.depth().bytes).toBe(0);
  });

  it('refuses what is no bytes', async () => {
    const spool = await open();
    async function* body() {
      yield 'text' as unknown as Uint8Array;
    }
    await expect(spool.keep('step', 0, artifact, body(), signal)).rejects.toMatchObject({ code: 'plugin_failed' });
    expect([await readdir(directory), spool.depth().bytes]).toEqual([[], 0]);
  });

  it('leaves nothing when it is aborted, although the source never answers nor ends', async () => {
    const spool = await open();
    const stop = new AbortController();
    const asked = Promise.withResolvers<void>();
    const sent = [Buffer.from('abc')];
    const never = () => new Promise<never>(() => {});
    const body: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const value = sent.pop();
          if (value) return { value };
          asked.resolve();
          return never();
        },
        return: never,
      }),
    };
    const keeping = spool.keep('step', 0, artifact, body, stop.signal);
    await asked.promise;
    expect(spool.depth().bytes).toBe(3);
    stop.abort(new Error('stop'));
    await expect(keeping).rejects.toThrow('stop');
    expect([await readdir(directory), spool.depth().bytes]).toEqual([[], 0]);
    await expect(spool.keep('step', 0, artifact, chunks('x'), stop.signal)).rejects.toThrow('stop');
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  it('an attempt that was left behind does not harm the one that followed', async () => {
    const spool = await open();
    const gate = Promise.withResolvers<void>();
    async function* slow() {
      yield Buffer.from('old');
      await gate.promise;
      throw new Error('late');
    }
    const left = spool.keep('step', 0, artifact, slow(), signal).catch((error: Error) => error.message);
    const second = Promise.withResolvers<void>();
    async function* fresh() {
      yield Buffer.from('new');
      await second.promise;
      yield Buffer.from('er');
    }
    const keeping = spool.keep('step', 0, artifact, fresh(), signal);
    gate.resolve();
    expect(await left).toBe('late');
    second.resolve();
    const kept = await keeping;
    expect(await textOf(spool.open(kept))).toBe('newer');
    expect(kept.sha256).toBe(sha256('newer'));
    expect(spool.depth().bytes).toBe(5);
  });

  it('says that the disk failed, as something that may pass', async () => {
    const spool = await open();
    await rm(directory, { recursive: true });
    await expect(spool.keep('step', 0, artifact, chunks('x'), signal)).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
    });
  });
});

describe('open', () => {
  it('rejects when it is read, not before, if the file is gone', async () => {
    const spool = await open();
    const kept = await spool.keep('step', 0, artifact, chunks('x'), signal);
    await spool.remove(kept);
    const body = spool.open(kept);
    await expect(textOf(body)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a restart', () => {
  it('finds whole artifacts, counts them, and removes half-written ones', async () => {
    const kept = await (await open()).keep('step', 0, artifact, chunks('abcdef'), signal);
    await writeFile(join(directory, `${kept.file}.7.partial`), 'half');
    const spool = await open();
    expect(await readdir(directory)).toEqual([kept.file]);
    expect(spool.depth().bytes).toBe(6);
    expect(await textOf(spool.open(kept))).toBe('abcdef');
  });

  it('makes its directory for the owner alone', async () => {
    await chmod(directory, 0o755);
    await openSpool(join(directory, 'a', 'spool'), limits, Date.now);
    expect((await stat(join(directory, 'a', 'spool'))).mode & 0o777).toBe(0o700);
  });
});
