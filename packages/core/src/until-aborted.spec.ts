import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { untilAborted } from './until-aborted.ts';

async function* count(upTo: number): AsyncGenerator<number> {
  for (let n = 0; n < upTo; n++) yield n;
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Yields once, then says nothing; notes that it was told to end. */
function hanging(ended: { told: boolean }): AsyncIterable<number> {
  let first = true;
  return {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        first ? ((first = false), Promise.resolve({ done: false as const, value: 1 })) : new Promise(() => {}),
      return: () => {
        ended.told = true;
        return new Promise(() => {});
      },
    }),
  };
}

describe('untilAborted', () => {
  it('gives every item, and leaves no listener', async () => {
    const { signal } = new AbortController();
    expect(await collected(untilAborted(count(3), signal))).toEqual([0, 1, 2]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends a source that hangs, with the reason of the signal', async () => {
    const controller = new AbortController();
    const ended = { told: false };
    const items: number[] = [];
    const reading = (async () => {
      for await (const item of untilAborted(hanging(ended), controller.signal)) {
        items.push(item);
        setImmediate(() => controller.abort(new Error('enough')));
      }
    })();
    await expect(reading).rejects.toThrow('enough');
    expect([items, ended.told]).toEqual([[1], true]);
  });

  it('does not begin when the signal has fired', async () => {
    const source = count(1);
    await expect(untilAborted(source, AbortSignal.abort(new Error('late'))).next()).rejects.toThrow('late');
    expect(await source.next()).toEqual({ done: false, value: 0 });
  });

  it('hands on what the source throws, and tells it to end when nobody reads on', async () => {
    const failing = (async function* () {
      yield 1;
      throw new Error('broken');
    })();
    await expect(collected(untilAborted(failing, new AbortController().signal))).rejects.toThrow('broken');
    const ended = { told: false };
    for await (const item of untilAborted(hanging(ended), new AbortController().signal)) if (item === 1) break;
    expect(ended.told).toBe(true);
  });
});
