import { describe, expect, it } from 'vitest';
import { begin } from './begin.ts';

describe('a stream that has begun', () => {
  it('throws the refusal at once, not while it is read', async () => {
    async function* refused(): AsyncGenerator<number, void, void> {
      yield await Promise.reject<number>(new Error('no such container'));
    }
    await expect(begin(refused())).rejects.toThrow('no such container');
  });

  it('gives everything once, and what it returns', async () => {
    const stream = await begin(
      (async function* () {
        yield* ['a', 'b'];
        return 'end';
      })(),
    );
    expect(await stream.next()).toEqual({ done: false, value: 'a' });
    expect(await stream.next()).toEqual({ done: false, value: 'b' });
    expect(await stream.next()).toEqual({ done: true, value: 'end' });
  });

  it('ends the source when the reader stops early', async () => {
    let ended = false;
    const stream = await begin(
      (async function* () {
        try {
          for (;;) yield 'a';
        } finally {
          ended = true;
        }
      })(),
    );
    for await (const _ of stream) break;
    expect(ended).toBe(true);
  });
});
