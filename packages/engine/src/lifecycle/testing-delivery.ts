import {
  definePlugin,
  defineQueue,
  emptyObject,
  TalonError,
  type Actionner,
  type Delivery,
  type Entry,
  type Queue,
  type Settlement,
  type Tenure,
} from '@falco-talon/core';
import { testScope } from '@falco-talon/testkit';
import { alert, newWorld, pluginOf, type engines } from './testing-world.ts';

export interface Found {
  readonly journal?: readonly unknown[];
  readonly attempt?: number;
  readonly body?: string;
  /** Entries of this kind cannot be written: so many times, and whether it is worth another try. */
  readonly unwritable?: {
    readonly kind: Entry['kind'];
    readonly times: number;
    readonly retryable: boolean;
    /** They arrive all the same. */
    readonly stored?: boolean;
  };
  /** Held until this resolves, then written; not written when it throws. */
  readonly writing?: (entries: readonly Entry[]) => Promise<void> | void;
  /** How often it cannot be settled before it can. */
  readonly unsettled?: number;
  readonly tenure?: Tenure;
  readonly rules?: string;
  /** What differs from the actionner of `pluginOf`. */
  readonly actionner?: Partial<Actionner>;
}

/** An engine that finds one delivery in its queue, as another process left it. */
export async function found(start: ReturnType<typeof engines>['start'], given: Found) {
  const settled = Promise.withResolvers<Settlement>();
  const returned = Promise.withResolvers<void>();
  const written: Entry[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let refusals = given.unsettled ?? 0;
  let unwritten = given.unwritable?.times ?? 0;
  const delivery: Delivery = {
    message: {
      id: 'event-1',
      kind: 'event',
      key: 'k',
      headers: { 'trace-id': 't1', 'received-at': '0' },
      body: Buffer.from(given.body ?? JSON.stringify(alert('cart'))),
    },
    attempt: given.attempt ?? 2,
    journal: (given.journal ?? []) as readonly Entry[],
    ...(given.tenure && { tenure: given.tenure }),
    async append(entries) {
      const { kind, retryable, stored } = given.unwritable ?? {};
      const refused = entries.some((entry) => entry.kind === kind) && unwritten-- > 0;
      // One after the other, as every queue writes them.
      const write = last.then(() => given.writing?.(entries));
      last = write.catch(() => {});
      await write;
      if (!refused || stored) written.push(...entries);
      if (refused) throw new TalonError('disk', 'no room', { retryable: retryable === true });
    },
    keepAlive: () => {},
    async settle(end) {
      if (refusals-- > 0) throw new TalonError('disk', 'no room', { retryable: true });
      settled.resolve(end);
    },
  };
  const queue: Queue = {
    publish: async () => [],
    async consume(handler, { signal }) {
      await handler(delivery);
      returned.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
    depth: async () => ({ pending: 0, dead: 0 }),
    ready: async () => {},
    close: async () => {},
  };
  const found = defineQueue({
    name: 'found',
    description: 'For specs.',
    durable: true,
    settings: emptyObject,
    open: async () => queue,
  });
  const world = newWorld();
  const own = pluginOf(world);
  const actionners = (own.actionners ?? []).map((part) => ({ ...part, ...given.actionner }));
  const { logger, lines } = testScope();
  const engine = await start(world, {
    plugins: [{ ...own, actionners }, definePlugin({ name: 'found', category: 'found', queues: [found] })],
    ...(given.rules !== undefined && { rules: given.rules }),
    settings: { queueType: 'found' },
    logger,
  });
  return { world, engine, lines, written, settled: settled.promise, returned: returned.promise };
}
