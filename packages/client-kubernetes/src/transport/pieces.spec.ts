import { expect, it } from 'vitest';
import { createPieces } from './pieces.ts';

it('is what came, in its order, and empty after it was taken', () => {
  const pieces = createPieces();
  const all = Buffer.from(Array.from({ length: 5_000 }, (_, n) => n % 251));
  for (let at = 0; at < all.length; at += 2) pieces.add(all.subarray(at, at + 2));
  pieces.add(Buffer.alloc(0));
  expect(pieces.bytes).toBe(5_000);
  expect(pieces.take()).toEqual(all);
  expect([pieces.bytes, pieces.take().length]).toEqual([0, 0]);
});

it('of one byte each take little more room than the bytes', () => {
  const before = process.memoryUsage();
  const pieces = createPieces();
  const source = Buffer.alloc(64 * 1024, 7);
  for (let n = 0; n < 4_000_000; n++) pieces.add(source.subarray(n % source.length, (n % source.length) + 1));
  const after = process.memoryUsage();
  expect(after.rss - before.rss).toBeLessThan(150_000_000);
  expect(pieces.take().length).toBe(4_000_000);
});
