import type { Delivery } from '@falco-talon/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepAlive } from './keep-alive.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const append = vi.fn<Delivery['append']>(async () => {});
const settle = vi.fn<Delivery['settle']>(async () => {});
const deliveryOf = (touch: () => void): Delivery => ({
  message: { id: 'm', kind: 'event', key: 'k', headers: {}, body: new Uint8Array() },
  attempt: 2,
  journal: [],
  append,
  keepAlive: touch,
  settle,
});

it('tells the queue every 5 s until the delivery is settled', async () => {
  const alive = keepAlive();
  const touch = vi.fn<() => void>();
  const delivery = deliveryOf(touch);
  const watched = alive.watch(delivery);
  vi.advanceTimersByTime(15_000);
  expect(touch).toHaveBeenCalledTimes(3);
  await watched.settle({ kind: 'done' });
  expect(settle).toHaveBeenCalledWith({ kind: 'done' });
  vi.advanceTimersByTime(15_000);
  expect(touch).toHaveBeenCalledTimes(3);
  alive.close();
  expect(vi.getTimerCount()).toBe(0);
});

it('is the same delivery otherwise', async () => {
  const delivery = deliveryOf(() => {});
  const watched = keepAlive().watch(delivery);
  expect(watched).toMatchObject({ message: delivery.message, attempt: 2, journal: [] });
  const entries = [{ step: 's', kind: 'intent', data: 1 }] as const;
  await watched.append(entries);
  expect(append).toHaveBeenCalledWith(entries);
});

it.each<[string, () => void]>([
  [
    'throws',
    () => {
      throw new Error('lost');
    },
  ],
  ['rejects', () => Promise.reject(new Error('lost')) as unknown as void],
])('a queue that %s harms neither the process nor other deliveries', async (_, fail) => {
  const alive = keepAlive();
  const touch = vi.fn<() => void>();
  alive.watch(deliveryOf(fail));
  alive.watch(deliveryOf(touch));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(touch).toHaveBeenCalledTimes(1);
  alive.close();
});
