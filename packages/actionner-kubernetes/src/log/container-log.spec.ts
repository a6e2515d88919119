import { describe, expect, it } from 'vitest';
import { logText, RESULT_BYTES } from './container-log.ts';

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}
const bytes = (text: string) => new TextEncoder().encode(text);

describe('the text of a log', () => {
  it('is put together from chunks, characters cut between them included', async () => {
    const word = bytes('grün €\n');
    const single = Array.from(word, (byte) => Uint8Array.of(byte));
    expect(await logText(chunks(...single))).toEqual({ text: 'grün €\n', cut: false });
  });

  it('is empty for an empty log', async () => {
    expect(await logText(chunks())).toEqual({ text: '', cut: false });
  });

  it('replaces bytes that are no UTF-8', async () => {
    expect((await logText(chunks(Uint8Array.of(0x61, 0xff, 0x62)))).text).toBe('a\ufffdb');
  });

  it('may be exactly as long as the limit', async () => {
    const text = 'x'.repeat(RESULT_BYTES);
    expect(await logText(chunks(bytes(text)))).toEqual({ text, cut: false });
  });

  it('ends at the limit, without half a character, and stops reading', async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        yield bytes('x'.repeat(RESULT_BYTES - 1));
        for (;;) yield bytes('€');
      } finally {
        ended = true;
      }
    }
    const { text, cut } = await logText(endless());
    expect(text).toBe('x'.repeat(RESULT_BYTES - 1));
    expect(cut).toBe(true);
    expect(ended).toBe(true);
  });
});
