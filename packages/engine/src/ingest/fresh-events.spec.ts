import { falcoEvent } from '@falco-talon/testkit';
import { expect, it } from 'vitest';
import { createFreshEvents } from './fresh-events.ts';

it('gives an event back once, and keeps the latest ones only', () => {
  const fresh = createFreshEvents(2);
  const [a, b, c] = ['a', 'b', 'c'].map((id) => falcoEvent({ id }));
  for (const event of [a!, b!, c!]) fresh.keep(event);
  expect(fresh.take('a')).toBeUndefined();
  expect(fresh.take('b')).toBe(b);
  expect(fresh.take('b')).toBeUndefined();
  expect(fresh.take('c')).toBe(c);
});
