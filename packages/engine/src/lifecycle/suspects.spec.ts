import type { Entry } from '@falco-talon/core';
import { afterEach, expect, it, vi } from 'vitest';
import { entries, readJournal } from '../journal/journal.ts';
import { blameOf, createSuspects } from './suspects.ts';
import { found } from './testing-delivery.ts';
import { engines } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(async () => {
  vi.useRealTimers();
  await closeAll();
});

const { signal } = new AbortController();
const settled = async (work: Promise<unknown>) => {
  let done = false;
  void work.then(() => (done = true));
  // Whatever can go on by itself has done so by then.
  await new Promise((resolve) => setImmediate(resolve));
  return done;
};
const blame = (attempt: number, ...journal: Entry[]) => blameOf(attempt, readJournal(journal), 3);

it('counts what has begun, not what was only there when the process ended', () => {
  const begun = entries.begun();
  expect(blame(1)).toEqual({ suspect: false, spent: false, last: false });
  expect(blame(7)).toEqual({ suspect: true, spent: false, last: false });
  expect(blame(7, begun)).toEqual({ suspect: true, spent: false, last: true });
  expect(blame(7, begun, begun)).toMatchObject({ spent: true });
  expect(blame(31)).toMatchObject({ spent: true });
});

it('holds nothing against an event that has its plan and was never begun, however often it was delivered', () => {
  const plan = entries.plan({ ruleSet: 'v', chains: [] });
  expect(blame(1000, plan)).toEqual({ suspect: true, spent: false, last: false });
  expect(blame(1000, plan, entries.begun(), entries.begun())).toMatchObject({ spent: true });
});

it('counts no attempt that ended in order', () => {
  const [begun, postponed] = [entries.begun(), entries.postponed('stopped')];
  expect(blame(3, begun, postponed, begun)).toMatchObject({ spent: false, last: true });
  expect(blame(2, postponed)).toMatchObject({ suspect: false });
});

it('lets the last attempt of an event be made alone: nobody begins before it is over', async () => {
  const suspects = createSuspects({ few: 2, patience: 0 });
  const [first, second] = await Promise.all([suspects.begin(false, signal), suspects.begin(false, signal)]);
  const alone = suspects.begin(true, signal);
  expect(await settled(alone)).toBe(false);
  const later = suspects.begin(false, signal);
  first();
  first();
  expect(await settled(alone)).toBe(false);
  second();
  const leave = await alone;
  expect(await settled(later)).toBe(false);
  leave();
  await later;
});

it('makes no last attempt soon after the start, and keeps nobody waiting meanwhile', async () => {
  vi.useFakeTimers();
  try {
    const suspects = createSuspects({ few: 1, patience: 10_000, elapsed: () => performance.now() });
    const alone = suspects.begin(true, signal);
    for (let n = 0; n < 5; n++) (await suspects.begin(false, signal))();
    const begun = vi.fn<() => void>();
    void alone.then(begun);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(begun).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(begun).toHaveBeenCalled();
  } finally {
    vi.useRealTimers();
  }
});

it('lets nobody begin once the process stops', async () => {
  const suspects = createSuspects({ few: 1 });
  const stopping = new AbortController();
  await suspects.begin(false, stopping.signal);
  const waiting = [suspects.begin(false, stopping.signal), suspects.begin(true, stopping.signal)];
  stopping.abort(new Error('stopping'));
  expect(await Promise.allSettled(waiting)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
});

it('an event that waits for its turn takes no place of others, and no time to stop: it goes on later', async () => {
  // Its last attempt, which is not made soon after the start.
  const { world, engine, written, returned, ...rest } = await found(start, { attempt: 9, journal: [entries.begun()] });
  await returned;
  expect(await engine.engine.stop(600_000)).toMatchObject({ lost: false });
  expect(await rest.settled).toEqual({ kind: 'later', at: 0, reason: 'Falco Talon is stopping' });
  expect(written.map(({ kind }) => kind)).toEqual(['plan', 'postponed']);
  expect(world.log).toEqual([]);
});

it('says how many wait for their turn, and lets none of them begin after its end', async () => {
  const suspects = createSuspects({ few: 1, patience: 0 });
  await suspects.begin(false, signal);
  const turns = [suspects.begin(false, signal), suspects.begin(true, signal)];
  await settled(Promise.resolve());
  expect(suspects.waiting).toBe(2);
  suspects.end();
  for (const turn of turns) await expect(turn).rejects.toMatchObject({ code: 'aborted' });
  await expect(suspects.begin(false, signal)).rejects.toMatchObject({ code: 'aborted' });
  expect(suspects.waiting).toBe(0);
});

it('keeps nobody waiting for one that takes long', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const suspects = createSuspects({ few: 2, longest: 1000, patience: 0 });
  const endless = await suspects.begin(true, signal);
  const next = suspects.begin(true, signal);
  vi.advanceTimersByTime(999);
  expect(await settled(next)).toBe(false);
  vi.advanceTimersByTime(1);
  expect(await settled(next)).toBe(true);
  // It gave its places back once: those of the next one are still taken.
  endless();
  expect(await settled(suspects.begin(false, signal))).toBe(false);
});

it('lets more of them be at work the longer the process lives', async () => {
  let time = 0;
  const suspects = createSuspects({ few: 1, many: 3, calm: 10, elapsed: () => time });
  const first = await suspects.begin(false, signal);
  const waiting = [1, 2, 3, 4].map(() => suspects.begin(false, signal));
  const begun = () => Promise.all(waiting.map(settled));
  first();
  expect(await begun()).toEqual([true, false, false, false]);
  time = 10;
  (await waiting[0])?.();
  expect(await begun()).toEqual([true, true, true, false]);
  time = 1000;
  (await waiting[1])?.();
  expect(await begun()).toEqual([true, true, true, true]);
  expect(await settled(suspects.begin(false, signal))).toBe(true);
  expect(await settled(suspects.begin(false, signal))).toBe(false);
});
