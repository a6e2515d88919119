import { silentLogger } from '@falco-talon/core';
import { afterAll, describe, expect, it } from 'vitest';
import { drainQueue, queueMessage } from '@falco-talon/testkit/queue';
import { connect } from './connect.ts';
import { layoutOf } from './layout.ts';
import { createLink } from './link.ts';
import { endServers, missing, startNats } from './spec/nats-server.ts';
import { openOn } from './spec/open-queue.ts';
import { sweepRecords } from './sweep.ts';

describe.skipIf(missing)('records that were left behind', () => {
  afterAll(endServers);

  it('are deleted when they are old and their messages gone; all others stay', async () => {
    const server = await startNats();
    const queue = await openOn(server.url);
    await queue.publish([queueMessage('done'), queueMessage('dead'), queueMessage('open')]);
    await drainQueue(queue, 3, async (delivery) => {
      if (delivery.message.id === 'done') await delivery.settle({ kind: 'done' });
      if (delivery.message.id === 'dead') await delivery.settle({ kind: 'dead', reason: 'poison' });
    });
    await queue.close();
    const { signal } = new AbortController();
    const connection = await connect({ servers: [server.url], limit: 2000, signal });
    const link = await createLink({ connection, limit: 2000, logger: silentLogger });
    const layout = layoutOf('talon');
    const sweep = (now: number) => sweepRecords({ link, layout, now: () => now }, () => true);
    expect(await sweep(Date.now())).toBe(0);
    expect(await sweep(Date.now() + 3_600_000)).toBe(2);
    expect(await sweep(Date.now() + 3_600_000)).toBe(0);
    await link.close();
    const again = await openOn(server.url);
    expect((await drainQueue(again, 1)).map(({ attempt }) => attempt)).toEqual([2]);
    await again.close();
  });
});
