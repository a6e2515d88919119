import {
  defineClient,
  defineNotifier,
  definePlugin,
  emptyObject,
  silentLogger,
  TalonError,
  type Notifier,
  type OutcomeRecord,
} from '@falco-talon/core';
import { testScope } from '@falco-talon/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClientPool } from '../clients/client-pool.ts';
import type { Observer } from '../lifecycle/engine.ts';
import { buildRegistry } from '../registry/registry.ts';
import { createNotifications } from './notifications.ts';

const record = (rule: string) => ({ rule, trace_id: 't' }) as OutcomeRecord;
const busy = (message = 'down') => new TalonError('unavailable', message, { retryable: true, retryAfter: 1000 });
const never = () => new Promise<never>(() => {});
const batch = { records: 100, bytes: 1e6, delay: 0 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(notifiers: Readonly<Record<string, Notifier['notify']>>, more: Partial<Notifier> = {}) {
  const parts = Object.entries(notifiers).map(([name, notify]) => ({
    ...defineNotifier({ name, description: 'x', settings: emptyObject, notify }),
    ...more,
  }));
  const registry = buildRegistry([definePlugin({ name: 'spec', category: 'spec', notifiers: parts })]);
  const environment = { variables: {}, homeDirectory: '/' };
  const pool = createClientPool({
    clients: registry.clients,
    sections: new Map(),
    environment,
    logger: silentLogger,
    now: Date.now,
  });
  const stop = new AbortController();
  const scope = testScope({ signal: stop.signal });
  const counted: Parameters<Observer['notification']>[0][] = [];
  const observer = { notification: (given: (typeof counted)[number]) => void counted.push(given) } as Observer;
  const sections = new Map([['slack', { value: { url: 'x' }, missing: [] }]]);
  const notifications = createNotifications({ registry, sections, pool, observer, scope });
  const submit = (told: OutcomeRecord, names: readonly string[]) => notifications.submit(told, names);
  return { submit, counted, stop, pool, lines: scope.lines };
}
const rules = (call: readonly { readonly records: readonly OutcomeRecord[] }[]) =>
  call[0]!.records.map(({ rule }) => rule);

describe('submit', () => {
  it('tells every notifier asked for, with its settings, its clients and its own name in the record', async () => {
    const slack = vi.fn<Notifier['notify']>(async () => {});
    const loki = vi.fn<Notifier['notify']>(async () => {});
    const uses = {
      http: defineClient({ id: 'http', section: '', settings: emptyObject, create: async () => 'client' }),
    };
    const { submit, counted } = setUp({ slack, loki }, { uses });
    await submit(record('a'), ['slack', 'loki']);
    expect(slack).toHaveBeenCalledWith(
      expect.objectContaining({
        settings: { url: 'x' },
        clients: { http: 'client' },
        records: [{ ...record('a'), notifier: 'slack' }],
      }),
    );
    expect(loki).toHaveBeenCalledWith(expect.objectContaining({ settings: {} }));
    expect(counted).toEqual([
      { notifier: 'slack', status: 'success', records: 1 },
      { notifier: 'loki', status: 'success', records: 1 },
    ]);
  });

  it('holds a client only while it sends: one that no rule keeps open is closed after the batch', async () => {
    const close = vi.fn<() => Promise<void>>(async () => {});
    const create = vi.fn<() => Promise<string>>(async () => 'client');
    const uses = { http: defineClient({ id: 'http', section: '', settings: emptyObject, create, close }) };
    const { submit, pool } = setUp({ slack: async () => {} }, { uses });
    const rules = pool.lease();
    await rules.get('http');
    await submit(record('a'), ['slack']);
    expect(close).not.toHaveBeenCalled();
    await rules.release();
    expect(close).toHaveBeenCalledTimes(1);
    await submit(record('b'), ['slack']);
    await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(2));
    expect(create).toHaveBeenCalledTimes(2);
  });

  it('an unknown notifier is counted, not an error', async () => {
    const { submit, counted } = setUp({});
    await submit(record('a'), ['gone']);
    expect(counted).toEqual([{ notifier: 'gone', status: 'dropped', records: 1 }]);
  });

  it.each<[string, Notifier['notify']]>([
    [
      'throws at once',
      () => {
        throw new Error('bug');
      },
    ],
    ['rejects', () => Promise.reject(new Error('bug'))],
    ['rejects with nothing', () => Promise.reject(undefined as never)],
    ['answers what is no list', async () => true as never],
  ])('a notifier that %s costs this record, not the others', async (_, notify) => {
    const { submit, counted, lines } = setUp({ bad: notify, good: async () => {} });
    await submit(record('a'), ['bad', 'good']);
    expect(counted).toContainEqual({ notifier: 'bad', status: 'failure', records: 1 });
    expect(counted).toContainEqual({ notifier: 'good', status: 'success', records: 1 });
    const told = lines.filter(({ message }) => message === 'notification').map(({ level, fields }) => [level, fields]);
    expect(told).toHaveLength(2);
    const about = { rule: 'a', trace_id: 't' };
    const why = { error: expect.any(String), code: 'plugin_failed' };
    expect(told).toContainEqual([
      'error',
      expect.objectContaining({ notifier: 'bad', status: 'failure', ...about, ...why }),
    ]);
    expect(told).toContainEqual(['info', expect.objectContaining({ notifier: 'good', status: 'success', ...about })]);
    expect(lines).toHaveLength(2);
  });

  it('a notifier that hangs has 10 s a call, and five of them', async () => {
    const signals: AbortSignal[] = [];
    const { submit, counted, lines } = setUp({ hung: ({ signal }) => (signals.push(signal), never()) });
    let ended = false;
    void submit(record('a'), ['hung']).then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(9_999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(signals[0]?.aborted).toBe(true);
    await vi.runAllTimersAsync();
    expect([signals.length, ended]).toEqual([5, true]);
    expect(counted).toEqual([{ notifier: 'hung', status: 'failure', records: 1 }]);
    expect(lines[0]?.fields).toMatchObject({ code: 'timeout' });
  });
});

describe('a destination that is down', () => {
  it('one that asks for a longer wait than two minutes is given up on at once: others get their turn', async () => {
    const calls: number[] = [];
    const wait = new TalonError('throttled', 'busy', { retryable: true, retryAfter: 300_000 });
    const { submit, counted } = setUp({ slack: async () => (calls.push(performance.now()), Promise.reject(wait)) }, {});
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((rule) => submit(record(rule), ['slack'])));
    expect([new Set(calls).size, calls.length]).toEqual([1, 5]);
    expect(counted.map(({ status }) => status)).toEqual(Array(5).fill('failure'));
  });

  it('several calls that hang take turns for two minutes, and end', async () => {
    const { submit, counted } = setUp({ hung: never });
    const sent = Promise.all(['a', 'b', 'c', 'd'].map((rule) => submit(record(rule), ['hung'])));
    let ended = false;
    void sent.then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(ended).toBe(false);
    // One after the other, each once more, half a minute between them.
    await vi.advanceTimersByTimeAsync(4 * 40_000 + 5_000);
    expect(ended).toBe(true);
    expect(counted.map(({ status }) => status)).toEqual(Array(4).fill('failure'));
  });

  it('gets one try a batch after it was given up on, and all of them after it came back', async () => {
    let up = false;
    const notify = vi.fn<Notifier['notify']>(async () => {
      if (!up) throw busy();
    });
    const { submit } = setUp({ slack: notify });
    const tries = async (rule: string) => {
      notify.mockClear();
      const sent = submit(record(rule), ['slack']);
      await vi.runAllTimersAsync();
      await sent;
      return notify.mock.calls.length;
    };
    expect([await tries('a'), await tries('b'), await tries('c')]).toEqual([5, 1, 1]);
    up = true;
    expect(await tries('d')).toBe(1);
    up = false;
    expect(await tries('e')).toBe(5);
  });
});

describe('a destination that hangs under load', () => {
  it('is asked ever more seldom, and what has waited for two minutes is dropped and counted', async () => {
    let calls = 0;
    const { submit, counted, lines } = setUp({ slack: () => (calls++, never()) });
    const sent = Promise.all(Array.from({ length: 1000 }, (_, n) => submit(record(`rule ${n}`), ['slack'])));
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    await sent;
    expect(calls).toBeLessThan(40);
    const dropped = counted.filter(({ status }) => status === 'dropped').length;
    expect(dropped).toBeGreaterThan(950);
    expect(counted.length).toBe(1000);
    expect(lines.filter(({ message }) => message === 'notifier left alone for a while')).toHaveLength(1);
  });
});

it('notifiers share the room for what waits: with two that hang each has half of it', async () => {
  const { submit, counted, stop } = setUp({ slack: never, loki: never });
  const sent = Array.from({ length: 5_010 }, () => submit(record('a'), ['slack', 'loki']).catch(() => {}));
  await vi.advanceTimersByTimeAsync(0);
  const dropped = (name: string) => counted.filter(({ notifier }) => notifier === name).length;
  // Four of each are being told.
  expect([dropped('slack'), dropped('loki')]).toEqual([6, 6]);
  stop.abort();
  await Promise.all(sent);
});

describe('a batch of which a part is refused', () => {
  it('repeats only what may pass, and says why the rest was lost', async () => {
    let calls = 0;
    const notify = vi.fn<Notifier['notify']>(async ({ records }) => {
      calls++;
      return records.flatMap(({ rule }, index) => {
        if (rule === 'bad') return [{ index, error: new TalonError('rejected', 'too old') }];
        return rule === 'later' && calls < 3 ? [{ index, error: busy() }] : [];
      });
    });
    const { submit, counted, lines } = setUp({ loki: notify }, { batch });
    const sent = Promise.all(['good', 'bad', 'later', 'fine'].map((rule) => submit(record(rule), ['loki'])));
    await vi.runAllTimersAsync();
    await sent;
    expect(notify.mock.calls.map(rules)).toEqual([['good', 'bad', 'later', 'fine'], ['later'], ['later']]);
    expect(counted.toSorted((a, b) => a.records - b.records)).toEqual([
      { notifier: 'loki', status: 'failure', records: 1 },
      { notifier: 'loki', status: 'success', records: 3 },
    ]);
    expect(lines.filter(({ level }) => level === 'error').map(({ fields }) => fields)).toMatchObject([
      { rule: 'bad', error: 'too old', code: 'rejected' },
    ]);
  });

  it('a refused record does not make the destination count as down', async () => {
    const notify = vi.fn<Notifier['notify']>(async ({ records }) => {
      if (records[0]?.rule === 'down') throw busy();
      return records.flatMap(({ rule }, index) => (rule === 'bad' ? [{ index, error: new Error('too old') }] : []));
    });
    const { submit } = setUp({ loki: notify }, { batch });
    const first = Promise.all([submit(record('good'), ['loki']), submit(record('bad'), ['loki'])]);
    await vi.runAllTimersAsync();
    await first;
    notify.mockClear();
    const second = submit(record('down'), ['loki']);
    await vi.runAllTimersAsync();
    await second;
    expect(notify).toHaveBeenCalledTimes(5);
  });

  it('a record refused to the end fails alone, and the destination does not count as down', async () => {
    const notify = vi.fn<Notifier['notify']>(async ({ records }) => {
      if (records[0]?.rule === 'down') throw busy();
      return records.flatMap(({ rule }, index) => (rule === 'bad' ? [{ index, error: busy() }] : []));
    });
    const { submit, counted } = setUp({ loki: notify }, { batch });
    const tell = async (...told: string[]) => {
      const sent = Promise.all(told.map((rule) => submit(record(rule), ['loki'])));
      await vi.runAllTimersAsync();
      await sent;
    };
    await tell('bad', 'good');
    expect(counted).toContainEqual({ notifier: 'loki', status: 'success', records: 1 });
    expect(counted).toContainEqual({ notifier: 'loki', status: 'failure', records: 1 });
    notify.mockClear();
    await tell('down');
    expect(notify).toHaveBeenCalledTimes(5);
  });
});

describe('when the process stops', () => {
  it.each<[string, Notifier['notify']]>([
    ['hangs', never],
    ['waits for its next try', () => Promise.reject(busy())],
  ])('a record whose notifier %s is told again after the restart', async (_, notify) => {
    const { submit, stop, counted } = setUp({ slack: notify });
    const sent = submit(record('a'), ['slack']).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(500);
    stop.abort();
    expect(await sent).toMatchObject({ code: 'aborted' });
    expect(counted).toEqual([]);
  });
});
