import { silentLogger, TalonError, type Delivery, type Settlement } from '@falco-talon/core';
import { afterEach, expect, it, vi } from 'vitest';
import type { ProcessDeps } from '../lifecycle/case.ts';
import { createOwnMessages } from './own-messages.ts';
import { createRoute } from './route.ts';
import { message, receiving, replicaNamed } from './testing-leader.ts';

afterEach(() => void vi.restoreAllMocks());

it.each(['lead', 'stopped'] as const)(
  'what this replica may not act on any more is put off, however long the queue cannot write that down (%s)',
  async (decision) => {
    vi.spyOn(Math, 'random').mockReturnValue(0); // the backoff has full jitter: no waiting
    const { leadership, become } = receiving(replicaNamed('own'), []);
    become(false);
    const ends: Settlement[] = [];
    let refusals = 5;
    const delivery: Delivery = {
      message: message(),
      attempt: 1,
      journal: [],
      append: async () => {},
      keepAlive: () => {},
      async settle(end) {
        if (refusals-- > 0) throw new TalonError('disk', 'no room', { retryable: true });
        ends.push(end);
      },
    };
    const process = { logger: silentLogger, closing: new AbortController().signal } as unknown as ProcessDeps;
    const route = createRoute({ leadership, handOver: async () => decision, mine: createOwnMessages(), process });
    await route(delivery);
    expect(ends).toMatchObject([{ kind: 'later', at: 0 }]);
  },
);
