import {
  defineClient,
  defineContext,
  definePlugin,
  emptyObject,
  silentLogger,
  TalonError,
  type Context,
} from '@falco-talon/core';
import { falcoEvent, testScope } from '@falco-talon/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClientPool } from '../clients/client-pool.ts';
import { buildRegistry } from '../registry/registry.ts';
import { createEventFacts } from './event-facts.ts';

const cluster = defineClient({
  id: 'cluster',
  section: '',
  settings: emptyObject,
  create: async () => ({ name: 'cluster' }),
  reads: (_, { signal }) => ({ signal }),
  own: () => [{ kind: 'namespace', name: 'falco' }],
});
const event = falcoEvent();
const contextOf = (name: string, fetch: Context['fetch']) =>
  defineContext({ name, description: 'x', elements: {}, permissions: [], uses: { cluster }, fetch });

function factsOf(...contexts: Context[]) {
  const registry = buildRegistry([definePlugin({ name: 'spec', category: 'spec', contexts, clients: [cluster] })]);
  const environment = { variables: {}, homeDirectory: '/' };
  const lease = createClientPool({
    clients: registry.clients,
    sections: new Map(),
    environment,
    logger: silentLogger,
    now: Date.now,
  }).lease();
  const stop = new AbortController();
  return { facts: createEventFacts(event, registry, lease, testScope({ signal: stop.signal })), stop };
}

afterEach(() => void vi.useRealTimers());

it('knows what Falco Talon itself is to the clients that can tell', async () => {
  const { facts } = factsOf();
  expect(await facts.own([{ a: cluster }, { b: cluster }, {}])).toEqual([{ kind: 'namespace', name: 'falco' }]);
  expect(await facts.own([])).toEqual([]);
});

describe('contexts', () => {
  it('are fetched once for all steps that ask, also at the same time', async () => {
    const fetch = vi.fn<Context['fetch']>(async () => ({ 'node.role': 'worker' }));
    const region = vi.fn<Context['fetch']>(async () => ({ 'aws.region': 'eu-1' }));
    const { facts } = factsOf(contextOf('node', fetch), contextOf('aws', region));
    const [a, b] = await Promise.all([facts.contexts(['node']), facts.contexts(['node', 'aws'])]);
    const c = await facts.contexts(['aws', 'node']);
    expect([...a]).toEqual([['node.role', 'worker']]);
    expect(Object.fromEntries(b)).toEqual(Object.fromEntries(c));
    expect([fetch.mock.calls.length, region.mock.calls.length]).toEqual([1, 1]);
    expect(fetch).toHaveBeenCalledWith(
      expect.objectContaining({
        event,
        clients: { cluster: { name: 'cluster' } },
        reads: { cluster: expect.anything() },
      }),
    );
  });

  it('a failure is not remembered', async () => {
    const fetch = vi
      .fn<Context['fetch']>()
      .mockRejectedValueOnce(new TalonError('unavailable', 'down'))
      .mockResolvedValue({ a: 'b' });
    const { facts } = factsOf(contextOf('node', fetch));
    await expect(facts.contexts(['node'])).rejects.toThrow('down');
    await expect(facts.contexts(['node'])).resolves.toEqual(new Map([['a', 'b']]));
  });

  it('have 5 s, and reject when the process stops', async () => {
    vi.useFakeTimers();
    const { facts, stop } = factsOf(contextOf('node', () => new Promise(() => {})));
    const late = facts.contexts(['node']).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(await late).toMatchObject({ code: 'timeout' });
    const stopped = facts.contexts(['node']).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();
    expect(await stopped).toMatchObject({ code: 'aborted' });
  });

  it.each([undefined, null])('one that gives %j fails', async (value) => {
    const { facts } = factsOf(contextOf('node', async () => value as never));
    await expect(facts.contexts(['node'])).rejects.toThrow(TypeError);
  });

  it('are also known by the other spellings of their names', async () => {
    const fetch = async () => ({ 'node.spec.providerid': 'aws:///i-1', 'node.role': 'worker' });
    const aliases = {
      'node.spec.providedid': 'node.spec.providerid',
      'node.role': 'node.spec.providerid',
      none: 'gone',
    };
    const { facts } = factsOf({ ...contextOf('node', fetch), aliases });
    expect(Object.fromEntries(await facts.contexts(['node']))).toEqual({
      'node.spec.providerid': 'aws:///i-1',
      'node.spec.providedid': 'aws:///i-1',
      'node.role': 'worker',
    });
  });

  it('are texts whatever a plugin gives, and unknown ones are an error', async () => {
    const { facts } = factsOf(contextOf('node', async () => ({ n: 5, none: null, o: { a: 1 } }) as never));
    await expect(facts.contexts(['node'])).resolves.toEqual(
      new Map([
        ['n', '5'],
        ['o', '{"a":1}'],
      ]),
    );
    await expect(facts.contexts(['gone'])).rejects.toMatchObject({ code: 'invalid_rules' });
  });
});

describe('reads', () => {
  const view = async (facts: ReturnType<typeof factsOf>['facts']) =>
    (await facts.reads({ cluster }))['cluster'] as { signal: AbortSignal };

  it('are made once per event, until they are to be forgotten', async () => {
    const { facts } = factsOf();
    const first = await view(facts);
    expect(await view(facts)).toBe(first);
    facts.forget();
    expect(await view(facts)).not.toBe(first);
  });

  it('live as long as the event, not as long as the step that asked first', async () => {
    const { facts, stop } = factsOf();
    const { signal } = await view(facts);
    expect(signal).toBe(stop.signal);
  });
});
