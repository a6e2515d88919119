import { defineClient, emptyObject, silentLogger, TalonError, type Client, type Logger } from '@falco-talon/core';
import { testScope } from '@falco-talon/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Section } from '../lifecycle/engine.ts';
import { createClientPool } from './client-pool.ts';

const never = () => new Promise<never>(() => {});
const parts = (id: string, more: Partial<Client> = {}): Client =>
  defineClient({ id, section: `specs.${id}`, settings: emptyObject, create: async () => ({}), ...more });

function poolOf(clients: readonly Client[], sections: ReadonlyMap<string, Section> = new Map()) {
  const warn = vi.fn<Logger['warn']>();
  const pool = createClientPool({
    clients: new Map(clients.map((client) => [client.id, client])),
    sections,
    environment: { variables: { HOME: '/home/x' }, homeDirectory: '/home/x' },
    logger: { ...silentLogger, warn },
    now: Date.now,
  });
  return { pool, warn };
}

afterEach(() => void vi.useRealTimers());

describe('a lease', () => {
  it('creates a client once, however many ask at a time', async () => {
    const create = vi.fn<Client['create']>(async () => ({}));
    const { pool } = poolOf([parts('a', { create })]);
    const leases = [pool.lease(), pool.lease()];
    const values = await Promise.all([...leases, ...leases].map(async (lease) => (await lease.get('a')).value));
    expect(new Set(values).size).toBe(1);
    expect(create).toHaveBeenCalledTimes(1);
  });

  it('creates it with its settings, the environment handed in and a signal that lasts', async () => {
    const create = vi.fn<Client['create']>(async () => ({}));
    const { pool } = poolOf([parts('a', { create })], new Map([['a', { value: { url: 'x' }, missing: [] }]]));
    const lease = pool.lease();
    await lease.get('a');
    const given = create.mock.calls[0]![0];
    expect(given).toMatchObject({ settings: { url: 'x' }, environment: { homeDirectory: '/home/x' } });
    expect(given.signal.aborted).toBe(false);
    await lease.release();
    expect(given.signal.aborted).toBe(true);
  });

  it('gives the clients of a part under its own names', async () => {
    const { pool } = poolOf([parts('a', { create: async () => 'A' }), parts('b', { create: async () => 'B' })]);
    await expect(pool.lease().all({ x: { id: 'a' }, y: { id: 'b' } })).resolves.toEqual({ x: 'A', y: 'B' });
  });

  it('makes a view from the client, or an empty one', async () => {
    const { pool } = poolOf([
      parts('a', { create: async () => 5, reads: (value: number) => ({ twice: value * 2 }) }),
      parts('b'),
    ]);
    const lease = pool.lease();
    expect((await lease.get('a')).reads(testScope())).toEqual({ twice: 10 });
    expect((await lease.get('b')).reads(testScope())).toEqual({});
  });

  it('says so when nobody brings the client or settings are missing', async () => {
    const create = vi.fn<Client['create']>();
    const missing = { value: {}, missing: [{ path: ['url'], message: 'url is required' }] };
    const { pool } = poolOf(
      [parts('a', { create }), parts('b', { create, section: '' })],
      new Map([
        ['a', missing],
        ['b', missing],
      ]),
    );
    await expect(pool.lease().get('c')).rejects.toMatchObject({ code: 'invalid_plugin' });
    await expect(pool.lease().get('a')).rejects.toMatchObject({
      code: 'invalid_config',
      message: 'specs.a in the configuration: url is required',
    });
    await expect(pool.lease().get('b')).rejects.toMatchObject({ message: 'the configuration: url is required' });
    expect(create).not.toHaveBeenCalled();
  });

  it('may be used no more once it is released', async () => {
    const create = vi.fn<Client['create']>();
    const lease = poolOf([parts('a', { create })]).pool.lease();
    await lease.release();
    await expect(lease.get('a')).rejects.toMatchObject({ code: 'aborted' });
    expect(create).not.toHaveBeenCalled();
  });
});

describe('a client that cannot be created', () => {
  it.each<[string, () => Promise<never>]>([
    ['rejects', () => Promise.reject(new Error('down'))],
    [
      'throws at once',
      () => {
        throw new Error('down');
      },
    ],
  ])('that %s is tried again by the next who asks, and its signal is aborted', async (_, fail) => {
    const signals: AbortSignal[] = [];
    let attempts = 0;
    const create: Client['create'] = ({ signal }) => {
      signals.push(signal);
      return ++attempts === 1 ? fail() : Promise.resolve('up');
    };
    const { pool } = poolOf([parts('a', { create })]);
    const lease = pool.lease();
    await Promise.all([
      expect(lease.get('a')).rejects.toThrow('down'),
      expect(pool.lease().get('a')).rejects.toThrow('down'),
    ]);
    expect(attempts).toBe(1);
    await expect(lease.get('a')).resolves.toMatchObject({ value: 'up' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it('is no reason to close anything, or to lose a later one', async () => {
    const close = vi.fn<NonNullable<Client['close']>>(async () => {});
    const create = vi.fn<Client['create']>().mockRejectedValueOnce(new Error('down')).mockResolvedValue('up');
    const { pool, warn } = poolOf([parts('a', { create, close })]);
    const lease = pool.lease();
    await expect(lease.get('a')).rejects.toThrow('down');
    await lease.get('a');
    expect(close).not.toHaveBeenCalled();
    await lease.release();
    expect(close).toHaveBeenCalledTimes(1);
    expect(warn).not.toHaveBeenCalled();
  });

  it('in time is given up, and closed if it comes up later', async () => {
    vi.useFakeTimers();
    const slow = Promise.withResolvers<string>();
    const close = vi.fn<NonNullable<Client['close']>>(async () => {});
    const { pool } = poolOf([parts('a', { create: () => slow.promise, close })]);
    const expected = pool
      .lease()
      .get('a')
      .catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await expected).toMatchObject({ code: 'timeout' });
    slow.resolve('late');
    await vi.advanceTimersByTimeAsync(0);
    expect(close).toHaveBeenCalledWith('late');
  });

  it('keeps nobody from stopping', async () => {
    let signal: AbortSignal | undefined;
    const { pool } = poolOf([parts('a', { create: (given) => ((signal = given.signal), never()) })]);
    const lease = pool.lease();
    const expected = lease.get('a').catch((error: unknown) => error);
    await lease.release();
    expect(await expected).toMatchObject({ code: 'aborted' });
    expect(signal?.aborted).toBe(true);
  });
});

describe('release', () => {
  it('closes a client when the last lease is released, once, and it may be created again', async () => {
    const create = vi.fn<Client['create']>(async () => ({}));
    const close = vi.fn<NonNullable<Client['close']>>(async () => {});
    const { pool } = poolOf([parts('a', { create, close })]);
    const [first, second] = [pool.lease(), pool.lease()];
    await Promise.all([first.get('a'), first.get('a'), second.get('a')]);
    await first.release();
    await first.release();
    expect(close).not.toHaveBeenCalled();
    await second.release();
    expect(close).toHaveBeenCalledTimes(1);
    await pool.lease().get('a');
    expect(create).toHaveBeenCalledTimes(2);
  });

  it('aborts the signal of a client only when it is closed', async () => {
    const events: string[] = [];
    const create: Client['create'] = async ({ signal }) => {
      signal.addEventListener('abort', () => events.push('abort'));
    };
    const { pool } = poolOf([parts('a', { create, close: async () => void events.push('close') })]);
    const lease = pool.lease();
    // Released in the very turn in which the client came up.
    void lease.get('a').then(() => lease.release());
    await vi.waitFor(() => expect(events).toEqual(['close', 'abort']));
  });

  it.each<[string, () => Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('stuck'))],
    [
      'throws at once',
      () => {
        throw new Error('stuck');
      },
    ],
  ])('goes on when close %s, and says so', async (_, close) => {
    const { pool, warn } = poolOf([parts('a', { close })]);
    const lease = pool.lease();
    await lease.get('a');
    await lease.release();
    expect(warn).toHaveBeenCalledWith('client was not closed cleanly', { client: 'a', error: 'stuck' });
  });

  it('waits 10 s for a close that hangs', async () => {
    vi.useFakeTimers();
    const { pool, warn } = poolOf([parts('a', { close: never })]);
    const lease = pool.lease();
    await lease.get('a');
    const released = lease.release();
    await vi.advanceTimersByTimeAsync(10_000);
    await released;
    expect(warn).toHaveBeenCalledTimes(1);
  });
});

describe('ready', () => {
  it('asks every open client, with a time limit of its own', async () => {
    vi.useFakeTimers();
    const { pool } = poolOf([
      parts('good', { ready: async () => {} }),
      parts('silent'),
      parts('bad', { ready: () => Promise.reject(new TalonError('unauthorized', 'token expired')) }),
      parts('hung', { ready: never }),
      parts('unused', { ready: () => Promise.reject(new Error('not asked')) }),
    ]);
    const lease = pool.lease();
    for (const id of ['good', 'silent', 'bad', 'hung']) await lease.get(id);
    const answer = pool.ready(testScope());
    await vi.advanceTimersByTimeAsync(5_000);
    await expect(answer).resolves.toEqual([
      { id: 'good' },
      { id: 'silent' },
      { id: 'bad', error: expect.objectContaining({ code: 'unauthorized', message: 'token expired' }) },
      { id: 'hung', error: expect.objectContaining({ code: 'timeout' }) },
    ]);
  });
});
