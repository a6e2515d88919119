import { createTenure, TalonError, type Actionner, type Entry } from '@falco-talon/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { accountOf } from '../journal/account.ts';
import { WITHDRAWN } from './journal-formats.fixture.ts';
import { found, type Found } from './testing-delivery.ts';
import { engines } from './testing-world.ts';

const { start, closeAll } = engines();
// The backoff has full jitter: no waiting.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));
afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

/** As a command is: it cannot be repeated, and nobody can look whether it was done. */
const once = { idempotent: false };
const ONE_RULE = `
- rule: Answer
  match: { rules: [Shell] }
  actions:
    - { action: first, actionner: spec:pod, parameters: { say: a } }
`;
const first = (given: Found) => found(start, { attempt: 1, rules: ONE_RULE, actionner: once, ...given });
const again = (journal: readonly Entry[]) => first({ attempt: 2, journal });
const isIntent = (entries: readonly Entry[]) => entries.some(({ kind }) => kind === 'intent');
const kinds = (written: readonly Entry[]) =>
  written.map(({ kind, data }) => ((data as { withdrawn?: boolean }).withdrawn ? 'withdrawn' : kind));

/** The event of that journal comes back: its step acts, once, as if it had only waited. */
async function actsWhenItComesBack(journal: readonly Entry[]) {
  const { world, engine, settled, written } = await again(journal);
  expect(await settled).toEqual({ kind: 'done' });
  expect(world.log).toEqual(['a:cart', 'a:cart done']);
  expect(engine.records).toMatchObject([{ action: 'first', status: 'success', result: 'said a' }]);
  return written;
}

/** The event of that journal comes back: nobody can tell what its step did, so it is not begun. */
async function failsWhenItComesBack(journal: readonly Entry[]) {
  const { world, engine, settled } = await again(journal);
  expect(await settled).toEqual({ kind: 'done' });
  expect(world.log).toEqual([]);
  expect(engine.records).toMatchObject([{ status: 'failure', error: expect.stringContaining('nobody can tell') }]);
}

/** The lease ends while the intent is being written: it is in the journal, and the step must not act any more. */
async function leaseEndsAtTheIntent(refusals = 0) {
  const lease = createTenure(() => true);
  let left = refusals;
  function writing(entries: readonly Entry[]) {
    if (isIntent(entries)) lease.end();
    if (kinds(entries).includes('withdrawn') && left-- > 0)
      throw new TalonError('disk', 'no room', { retryable: true });
  }
  const { world, engine, settled, written } = await first({ tenure: lease.tenure, writing });
  expect(await settled).toMatchObject({ kind: 'later', reason: expect.stringContaining('another replica') });
  expect([world.log, engine.records]).toEqual([[], []]);
  return written;
}

describe('a step that was about to act and is known not to have begun', () => {
  it('acts when the event comes back, after the lease ended in between', async () => {
    const written = await leaseEndsAtTheIntent();
    expect(kinds(written)).toEqual(['plan', 'intent', 'withdrawn', 'postponed']);
    expect(written[2]).toEqual({ ...WITHDRAWN, step: written[1]?.step });
    expect(accountOf(written).steps).toMatchObject([{ state: 'open', facts: { seen: 'seen' } }]);
    await actsWhenItComesBack(written);
  });

  it('acts when the event comes back, after the process stopped in between', async () => {
    const checked = Promise.withResolvers<AbortSignal>();
    const about = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    async function writing(entries: readonly Entry[]) {
      if (!isIntent(entries)) return;
      about.resolve();
      await stopped.promise;
    }
    const check: Actionner['check'] = async ({ signal }) => {
      checked.resolve(signal);
      return { facts: { seen: 'seen' } };
    };
    const { engine, world, written, settled } = await first({ actionner: { ...once, check }, writing });
    const signal = await checked.promise;
    await about.promise;
    signal.addEventListener('abort', () => stopped.resolve());
    await engine.engine.stop(400);
    expect(await settled).toMatchObject({ kind: 'later' });
    expect(world.log).toEqual([]);
    await actsWhenItComesBack(written);
  });

  it('acts when the event comes back, after its intent was written and its plan was not', async () => {
    const unwritable = { kind: 'plan', times: Infinity, retryable: true } as const;
    const { world, settled, written } = await first({ unwritable });
    expect(await settled).toMatchObject({ kind: 'later' });
    expect([world.log, kinds(written)[0]]).toEqual([[], 'intent']);
    await actsWhenItComesBack(written);
  });

  it('acts when the event comes back, after its intent was written and that was not known', async () => {
    // Each attempt, the withdrawal at once and the first try to put the event off.
    const unwritable = { kind: 'intent', times: 22, retryable: true, stored: true } as const;
    const { world, settled, written } = await first({ unwritable });
    expect(await settled).toMatchObject({ kind: 'later' });
    expect(world.log).toEqual([]);
    await actsWhenItComesBack(written);
  });

  it('acts when the event comes back, after each of its attempts was refused', async () => {
    const lease = createTenure(() => true);
    let refused = 0;
    const run: Actionner['run'] = async () => {
      // The process waits for the next attempt when the lease ends.
      if (++refused === 2) setImmediate(lease.end);
      throw new TalonError('conflict', 'not now', { retryable: true, ...(refused === 2 && { retryAfter: 60_000 }) });
    };
    const { settled, written } = await first({ tenure: lease.tenure, actionner: { ...once, run } });
    expect(await settled).toMatchObject({ kind: 'later' });
    expect(refused).toBe(2);
    await actsWhenItComesBack(written);
  });

  it('is said to be such although the queue could not take it at first', async () => {
    const written = await leaseEndsAtTheIntent(3);
    expect(kinds(written)).toEqual(['plan', 'intent', 'withdrawn', 'postponed']);
    await actsWhenItComesBack(written);
  });
});

describe('a step that may have acted is not begun when the event comes back', () => {
  it('after the process ended in the middle of its second life', async () => {
    const written = await leaseEndsAtTheIntent();
    const later = await actsWhenItComesBack(written);
    expect(kinds(later).filter((kind) => kind !== 'begun')).toEqual(['intent', 'result']);
    await failsWhenItComesBack([...written, ...later.filter(({ kind }) => kind === 'intent')]);
  });

  it.each([
    ['was told to stop', () => new TalonError('aborted', 'stopped')],
    ['failed in some way when it was told to stop', () => new TalonError('conflict', 'changed', { retryable: true })],
  ])('after it %s in the middle of it', async (_, failure) => {
    const lease = createTenure(() => true);
    const run: Actionner['run'] = async () => {
      lease.end();
      throw failure();
    };
    const { settled, written } = await first({ tenure: lease.tenure, actionner: { ...once, run } });
    expect(await settled).toMatchObject({ kind: 'later' });
    expect(kinds(written)).toEqual(['plan', 'intent', 'postponed']);
    await failsWhenItComesBack(written);
  });

  it('after the process before had begun it, however this one was interrupted', async () => {
    const journal = (await leaseEndsAtTheIntent()).slice(0, 2);
    const { tenure } = createTenure(() => false);
    const { settled, written } = await first({ attempt: 2, journal, tenure });
    expect(await settled).toMatchObject({ kind: 'later' });
    expect(kinds(written)).toEqual(['begun', 'postponed']);
    await failsWhenItComesBack([...journal, ...written]);
  });
});

it('one that can look whether it was done keeps its intent: it is asked', async () => {
  const settled = vi.fn<NonNullable<Actionner['settled']>>(async () => 'again');
  const lease = createTenure(() => true);
  const writing = (entries: readonly Entry[]) => void (isIntent(entries) && lease.end());
  const put = await first({ tenure: lease.tenure, writing, actionner: { ...once, settled } });
  expect(await put.settled).toMatchObject({ kind: 'later' });
  expect(kinds(put.written)).toEqual(['plan', 'intent', 'postponed']);
  const back = await first({ attempt: 2, journal: put.written, actionner: { ...once, settled } });
  expect(await back.settled).toEqual({ kind: 'done' });
  expect(settled).toHaveBeenCalledWith(expect.objectContaining({ facts: { seen: 'seen' } }));
  expect(back.world.log).toEqual(['a:cart', 'a:cart done']);
});
