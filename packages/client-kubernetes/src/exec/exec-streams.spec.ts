import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CART, execCluster, shell } from '../../spec/exec-cluster.ts';
import { open, type Opened } from '../../spec/loopback-api.ts';

let opened: Opened;
beforeEach(async () => {
  opened = await open();
});
afterEach(() => opened.close());

const MB = 1_000_000;

/** So many bytes that repeat nowhere within a frame, a chunk or a megabyte. */
function pattern(bytes: number): string {
  return `seq 1 99999999 | head -c ${bytes}`;
}

function hashOf(bytes: number): string {
  const hash = createHash('sha256');
  let left = bytes;
  for (let n = 1; left > 0;) {
    let text = '';
    for (; text.length < 500_000; n++) text += `${n}\n`;
    hash.update(text.slice(0, left));
    left -= Math.min(left, text.length);
  }
  return hash.digest('hex');
}

// 500 MB take the bench.
describe('100 MB of output', () => {
  it('pass byte by byte, in memory that does not grow with them', async () => {
    const { client } = await execCluster(opened);
    const read = async (bytes: number) => {
      const hash = createHash('sha256');
      let peak = 0;
      let chunks = 0;
      for await (const chunk of client.exec(CART, shell(opened, pattern(bytes)))) {
        hash.update(chunk.bytes);
        if (++chunks % 500 === 0) peak = Math.max(peak, process.memoryUsage.rss());
      }
      return { hash: hash.digest('hex'), peak };
    };
    const warm = await read(30 * MB);
    const { hash, peak } = await read(100 * MB);
    expect(hash).toBe(hashOf(100 * MB));
    expect(peak - warm.peak).toBeLessThan(40 * MB);
  });

  it('wait in the program while nobody reads them', async () => {
    const { client, fake } = await execCluster(opened);
    let written = 0;
    fake.onExec({}, async ({ stdout }) => {
      const chunk = Buffer.alloc(MB);
      for (; written < 100 * MB; written += MB) if (!stdout.write(chunk)) await once(stdout, 'drain');
      return 0;
    });
    const run = client.exec(CART, shell(opened, ''));
    await run.next();
    let before = -1;
    while (written !== before) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(written).toBeLessThan(30 * MB);
    let bytes = 0;
    for await (const chunk of run) bytes += chunk.bytes.length;
    expect(written).toBe(100 * MB);
    expect(bytes).toBeGreaterThan(99 * MB);
  });
});
