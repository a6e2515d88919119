import { describe, expect, it } from 'vitest';
import { createSaid, ERROR_BYTES, OUTPUT_BYTES } from './said.ts';

/** Each chunk as `o` or `e` and what it holds. */
function said(...chunks: readonly (readonly ['o' | 'e', string | Uint8Array])[]) {
  const all = createSaid();
  for (const [stream, bytes] of chunks) {
    all.add({ stream: stream === 'o' ? 'stdout' : 'stderr', bytes: Buffer.from(bytes) });
  }
  return all;
}

describe('what a command said', () => {
  it('is its output, then its errors under a mark', () => {
    expect(said().text()).toBe('');
    expect(said(['o', 'out']).text()).toBe('out');
    expect(said(['e', 'oh\n']).text()).toBe('[stderr]\noh\n');
    expect(said(['o', 'a'], ['e', 'oh'], ['o', 'b']).text()).toBe('ab\n[stderr]\noh');
  });

  it('is put together from chunks, characters cut between them included', () => {
    const bytes = Buffer.from('grün €');
    expect(said(...Array.from(bytes, (byte) => ['o', Uint8Array.of(byte)] as const)).text()).toBe('grün €');
    expect(said(['o', Uint8Array.of(0x61, 0xff)]).text()).toBe('a\ufffd');
  });

  it('may be exactly as long as the limit', () => {
    const whole = said(['o', 'x'.repeat(OUTPUT_BYTES)]);
    expect(whole.text()).toHaveLength(OUTPUT_BYTES);
    expect(whole.cut()).toBe(false);
  });

  it('is cut without half a character: the beginning of the output, the end of the errors', () => {
    const long = said(['o', `x${'€'.repeat(OUTPUT_BYTES)}`], ['e', `${'é'.repeat(ERROR_BYTES)}x`]);
    expect(long.cut()).toBe(true);
    expect(long.text()).not.toContain('\ufffd');
    expect(Buffer.byteLength(long.text())).toBeLessThan(OUTPUT_BYTES + 200);
    expect(long.text()).toMatch(/^x€+\n… \(cut at \d+ of \d+ bytes\)\n\[stderr\]\n… é+x$/);
  });

  it.each([1, 2, 3, 1000, 2047, 2048, 2049, 5000, 70_000])('is the same in chunks of %d bytes', (size) => {
    const bytes = Buffer.from(Array.from({ length: 30_000 }, (_, n) => `${n}`).join(' '));
    const [whole, cut] = [createSaid(), createSaid()];
    for (const stream of ['stdout', 'stderr'] as const) {
      whole.add({ stream, bytes });
      for (let at = 0; at < bytes.length; at += size) cut.add({ stream, bytes: bytes.subarray(at, at + size) });
    }
    expect(cut.text()).toBe(whole.text());
    expect(cut.text().endsWith('29998 29999')).toBe(true);
    expect(cut.text().startsWith('0 1 2')).toBe(true);
    expect(cut.lastWords()).toBe(whole.lastWords());
  });

  it('takes no memory for what is not kept', () => {
    const said = createSaid();
    const bytes = Buffer.alloc(8192, 'x');
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 500; n++) said.add({ stream: 'stderr', bytes });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it('ends in its last words', () => {
    expect(said(['o', 'out\n'], ['e', 'oh\n']).lastWords()).toBe('oh\n[stdout]\nout');
    expect(said(['o', 'out\n']).lastWords()).toBe('out');
    expect(said().lastWords()).toBe('');
    expect(said(['e', `${'x'.repeat(9_000)}end`]).lastWords()).toMatch(/^… x{1533}end$/);
  });
});
