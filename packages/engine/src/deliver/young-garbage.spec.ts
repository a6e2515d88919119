import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSpool } from './spool.ts';

const MB = 1024 * 1024;
const CHUNK = 64 * 1024;

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'spool-'))));
afterEach(async () => rm(directory, { recursive: true, force: true }));

it('leaves few of the buffers of a long stream behind', async () => {
  const total = 160 * MB;
  const spool = await openSpool(directory, { artifactBytes: total, totalBytes: total }, Date.now);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const look = () => (most = Math.max(most, process.memoryUsage().arrayBuffers - before));
  async function* fresh(): AsyncGenerator<Uint8Array> {
    for (let bytes = 0; bytes < total; bytes += CHUNK) {
      look();
      yield new Uint8Array(CHUNK);
    }
  }
  const kept = await spool.keep('step', 0, { name: 'dump', mediaType: '' }, fresh(), new AbortController().signal);
  expect(kept.bytes).toBe(total);
  expect(most).toBeLessThan(16 * MB);

  most = 0;
  for await (const chunk of spool.open(kept)) if (chunk.byteLength > 0) look();
  expect(most).toBeLessThan(16 * MB);
});
