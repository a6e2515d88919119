import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { openDestination } from './destination.ts';

const directory = mkdtempSync(join(tmpdir(), 'talon-log-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('a destination', () => {
  it('writes a file to its end', async () => {
    const path = join(directory, 'log');
    const destination = openDestination(Object.assign(new PassThrough(), { fd: openSync(path, 'a') }));
    for (let i = 0; i < 1000; i++) destination.write(`line ${i}\n`);
    await destination.flush(5000);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines).toHaveLength(1001);
    expect(lines[999]).toBe('line 999');
    expect(destination.dropped()).toBe(0);
  });

  it('drops and counts what nobody reads, and ends the wait for it', async () => {
    const stuck = new Writable({ write: () => {} });
    const destination = openDestination(stuck, 1000);
    for (let i = 0; i < 100; i++) destination.write('x'.repeat(100));
    expect(destination.dropped()).toBeGreaterThan(80);
    expect(destination.dropped()).toBeLessThan(100);
    await destination.flush(20);
  });

  it('survives a reader that goes away', async () => {
    const stream = new PassThrough();
    const destination = openDestination(stream);
    stream.destroy(new Error('EPIPE'));
    await new Promise(setImmediate);
    destination.write('lost\n');
    await destination.flush(1000);
    expect(destination.dropped()).toBe(2);
  });
});
