import { expect, it } from 'vitest';
import { createSeries, type Written } from './series.ts';

const written = (name: string): Written => ({ namespace: 'shop', name, count: 1, lastSeen: 0 });

it('remembers no more than it may, the least lately seen goes first', async () => {
  const series = createSeries(2);
  const last: (string | undefined)[] = [];
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) {
    await series.inTurn(key, 0, async (known) => {
      last.push(known?.name);
      return written(key);
    });
  }
  expect(last).toEqual([undefined, undefined, 'a', undefined, 'a', undefined]);
});

it('one that fails is in nobody’s way, and is not remembered', async () => {
  const series = createSeries();
  const failing = series.inTurn('a', 0, async () => {
    throw new Error('no');
  });
  const seen: unknown[] = [];
  const next = series.inTurn('a', 0, async (known) => {
    seen.push(known);
    return written('a');
  });
  await expect(failing).rejects.toThrow('no');
  await next;
  expect(seen).toEqual([undefined]);
});
