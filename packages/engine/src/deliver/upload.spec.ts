import {
  defineClient,
  defineOutput,
  definePlugin,
  emptyObject,
  silentLogger,
  TalonError,
  type Output,
} from '@falco-talon/core';
import { falcoEvent, testScope } from '@falco-talon/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { STEP } from '../act/testing-step.ts';
import { createSlots } from '../act/slots.ts';
import { createClientPool } from '../clients/client-pool.ts';
import { buildRegistry } from '../registry/registry.ts';
import { objectKey } from './object-key.ts';
import type { Spool } from './spool.ts';
import { letGo, upload } from './upload.ts';

const event = falcoEvent();
const artifact = {
  name: 'log.txt',
  mediaType: 'text/plain',
  file: 'spooled',
  bytes: 3,
  sha256: 'abc',
  truncated: false,
  keptAt: 0,
};
const objects = { namespace: 'shop', pod: 'cart' };
const busy = () => new TalonError('unavailable', 'down', { retryable: true, retryAfter: 1000 });
const stored = { message: 'stored', objects: { bucket: 'b' } };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(store: Output['store'], more: Partial<Output> = {}) {
  const storage = defineClient({ id: 'storage', section: '', settings: emptyObject, create: async () => 'client' });
  const output = defineOutput({
    name: 'store',
    description: 'x',
    parameters: emptyObject,
    permissions: [],
    uses: { storage },
    examples: [{ description: 'x', parameters: {} }],
    store,
  });
  const registry = buildRegistry([definePlugin({ name: 'spec', category: 'spec', outputs: [{ ...output, ...more }] })]);
  const removed = vi.fn<() => Promise<void>>(async () => {});
  const spool = {
    open: async function* () {
      yield Buffer.from('abc');
    },
    remove: removed,
  } as unknown as Spool;
  const environment = { variables: {}, homeDirectory: '/' };
  const lease = createClientPool({
    clients: registry.clients,
    sections: new Map(),
    environment,
    logger: silentLogger,
    now: Date.now,
  }).lease();
  const stop = new AbortController();
  const uploadSlots = createSlots(1);
  const step = { ...STEP, output: { target: 'spec:store', parameters: { bucket: 'b' } } };
  const send = (given = step) => {
    const sending = upload(event, given, artifact, objects, lease, {
      registry,
      spool,
      scope: testScope({ signal: stop.signal }),
      uploadSlots,
    });
    sending.catch(() => {});
    return sending;
  };
  return { send, removed, stop };
}

describe('upload', () => {
  it('hands the artifact over under a stable key, and leaves it to its caller to remove the file', async () => {
    const given: Parameters<Output['store']>[0][] = [];
    const { send, removed } = setUp(async (input) => {
      given.push(input);
      return stored;
    });
    await expect(send()).resolves.toMatchObject({
      status: 'success',
      output_target: 'spec:store',
      result: 'stored',
      objects: { bucket: 'b', bytes: '3', sha256: 'abc' },
    });
    expect(given[0]).toMatchObject({
      parameters: { bucket: 'b' },
      clients: { storage: 'client' },
      artifact: { key: objectKey(0, objects, artifact), bytes: 3 },
    });
    expect(removed).not.toHaveBeenCalled();
  });

  it('repeats what may pass, from the first byte and under the same key', async () => {
    const keys: string[] = [];
    const { send, removed } = setUp(async ({ artifact }) => {
      keys.push(artifact.key);
      for await (const chunk of artifact.open()) expect(Buffer.from(chunk).toString()).toBe('abc');
      if (keys.length < 3) throw busy();
      return stored;
    });
    const sending = send();
    await vi.advanceTimersByTimeAsync(2000);
    await expect(sending).resolves.toMatchObject({ status: 'success' });
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(removed).not.toHaveBeenCalled();
  });

  it.each<[string, Output['store'], number]>([
    ['nothing helps', () => Promise.reject(busy()), 15],
    ['it is forbidden', () => Promise.reject(new TalonError('forbidden', 'down')), 1],
    [
      'it throws at once',
      () => {
        throw new Error('down');
      },
      1,
    ],
  ])('keeps the file when %s, and says where it is', async (_, fail, times) => {
    const store = vi.fn<Output['store']>(fail);
    const { send, removed } = setUp(store);
    const sending = send();
    await vi.runAllTimersAsync();
    await expect(sending).resolves.toMatchObject({
      status: 'failure',
      error: 'down; the artifact stays in the spool as spooled',
    });
    expect(store).toHaveBeenCalledTimes(times);
    expect(removed).not.toHaveBeenCalled();
  });

  it.each([undefined, null, 'stored'])('keeps the file when the plugin answers %j', async (answer) => {
    const { send, removed } = setUp(async () => answer as never);
    await expect(send()).resolves.toMatchObject({ status: 'failure' });
    expect(removed).not.toHaveBeenCalled();
  });

  it.each([
    [undefined, 60_000],
    [30, 30],
    [NaN, 60_000],
  ])('a limit of %s gives each attempt %s ms', async (limit, milliseconds) => {
    const signals: AbortSignal[] = [];
    const { send } = setUp(({ signal }) => (signals.push(signal), new Promise(() => {})), {
      timeLimit: () => limit as number,
    });
    void send();
    await vi.advanceTimersByTimeAsync(milliseconds - 1);
    expect(signals[0]?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signals[0]?.aborted).toBe(true);
  });

  it('rejects with aborted when the process stops, also while it waits or when the plugin has its own words for it', async () => {
    const hanging = setUp(() => new Promise(() => {}));
    const waiting = setUp(() => Promise.reject(busy()));
    const wording = setUp(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('mine')))),
    );
    for (const { send, stop, removed } of [hanging, waiting, wording]) {
      const sending = send();
      await vi.advanceTimersByTimeAsync(500);
      stop.abort();
      await expect(sending).rejects.toMatchObject({ code: 'aborted' });
      expect(removed).not.toHaveBeenCalled();
    }
  });

  it('a plugin that says aborted on its own is a failure, not a stop', async () => {
    const { send } = setUp(() => Promise.reject(new TalonError('aborted', 'I give up')));
    await expect(send()).resolves.toMatchObject({ status: 'failure' });
  });

  it('takes its turn: no more at a time than there are slots, and none while it waits for its next try', async () => {
    const calls: PromiseWithResolvers<typeof stored>[] = [];
    const { send } = setUp(() => {
      const call = Promise.withResolvers<typeof stored>();
      calls.push(call);
      return call.promise;
    });
    const first = send();
    const second = send();
    await vi.advanceTimersByTimeAsync(10);
    expect(calls).toHaveLength(1);
    calls[0]!.reject(busy());
    await vi.advanceTimersByTimeAsync(10);
    expect(calls).toHaveLength(2);
    calls[1]!.resolve(stored);
    await expect(second).resolves.toMatchObject({ status: 'success' });
    await vi.advanceTimersByTimeAsync(1000);
    calls[2]!.resolve(stored);
    await expect(first).resolves.toMatchObject({ status: 'success' });
  });

  it('is a failure when the output is not loaded any more', async () => {
    const { send } = setUp(async () => stored);
    await expect(send({ ...STEP, output: { target: 'spec:gone', parameters: { bucket: '' } } })).resolves.toMatchObject(
      {
        status: 'failure',
        error: expect.stringContaining('spec:gone is not loaded any more; the artifact stays'),
      },
    );
  });
});

describe('letGo', () => {
  it('removes the file, and survives when that fails', async () => {
    const scope = testScope();
    const remove = vi.fn<Spool['remove']>().mockResolvedValueOnce().mockRejectedValue(new Error('EACCES'));
    const deps = {
      spool: { remove } as unknown as Spool,
      scope,
      registry: buildRegistry([]),
      uploadSlots: createSlots(1),
    };
    await letGo(artifact, deps);
    expect(scope.lines).toEqual([]);
    await letGo(artifact, deps);
    expect(remove).toHaveBeenCalledWith(artifact);
    expect(scope.lines).toMatchObject([{ level: 'warn', fields: { file: 'spooled', error: 'EACCES' } }]);
  });
});
