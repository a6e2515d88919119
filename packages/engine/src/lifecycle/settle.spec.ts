import { silentLogger, TalonError, type Delivery, type Entry, type Settlement } from '@falco-talon/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { postpone, settleEvent } from './settle.ts';
import { found } from './testing-delivery.ts';
import { engines } from './testing-world.ts';

const { start, closeAll } = engines();
// The backoff has full jitter: no waiting.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));
afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

it('an event that is done is settled, however long the queue cannot write that down', async () => {
  const { world, engine, settled } = await found(start, { attempt: 1, unsettled: 50 });
  expect(await settled).toEqual({ kind: 'done' });
  expect(world.log.length).toBeGreaterThan(0);
  expect(engine.records).toMatchObject([{ status: 'success' }, { status: 'success' }]);
});

/** A delivery of a queue that fails `times`, each way. */
function failing(times: number, retryable = true) {
  const written: Entry[] = [];
  const ends: Settlement[] = [];
  const failures = { append: times, settle: times };
  function fail(what: keyof typeof failures): void {
    if (failures[what]-- > 0) throw new TalonError('disk', 'no room', { retryable });
  }
  const delivery: Delivery = {
    message: { id: 'e', kind: 'event', key: 'k', headers: {}, body: Buffer.alloc(0) },
    attempt: 1,
    journal: [],
    async append(entries) {
      fail('append');
      written.push(...entries);
    },
    keepAlive: () => {},
    async settle(end) {
      fail('settle');
      ends.push(end);
    },
  };
  return { delivery, written, ends };
}

const open = () => new AbortController().signal;
const later = { kind: 'later', at: 0, reason: 'stopped' };

describe('an event that is put off', () => {
  it('is put off as soon as the queue can write that, and noted once', async () => {
    const { delivery, written, ends } = failing(5);
    await postpone(delivery, 'stopped', { logger: silentLogger, closing: open() }, []);
    expect(ends).toEqual([later]);
    expect(written).toEqual([{ step: '', kind: 'postponed', data: { reason: 'stopped' } }]);
  });

  it('is put off although the note cannot be stored at all', async () => {
    const { delivery, written, ends } = failing(1, false);
    const settle = vi.spyOn(delivery, 'settle').mockImplementation(async (end) => void ends.push(end));
    await postpone(delivery, 'stopped', { logger: silentLogger, closing: open() }, []);
    expect(settle).toHaveBeenCalledWith(later);
    expect(written).toEqual([]);
  });

  it('is left as it is when the process closes first', async () => {
    const { delivery, ends } = failing(Infinity);
    const closing = AbortSignal.abort();
    await expect(postpone(delivery, 'stopped', { logger: silentLogger, closing }, [])).rejects.toThrow('no room');
    expect(ends).toEqual([]);
  });

  it('because another replica leads is put off by this one, however long that takes', async () => {
    const { delivery, ends } = failing(5);
    const signal = AbortSignal.abort(new TalonError('not_leading', 'another one leads'));
    const settled = {
      event: { id: 'e' } as never,
      delivery,
      lease: { release: async () => {} } as never,
      effects: [],
      unsaved: [],
    };
    await settleEvent(settled, { interrupted: 'another one leads' }, { logger: silentLogger, signal, closing: open() });
    expect(ends).toEqual([{ ...later, reason: 'another one leads' }]);
  });
});
