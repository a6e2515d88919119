import { testQueue } from '@falco-talon/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import { endServers, missing, startNats, type NatsServer } from './spec/nats-server.ts';
import { openOn } from './spec/open-queue.ts';

describe.skipIf(missing)('on a server of its own', () => {
  let server: NatsServer;
  let number = 0;
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(endServers);

  testQueue('nats', {
    durable: true,
    async open() {
      const name = `q${number++}`;
      return {
        queue: await openOn(server.url, { name }),
        // The files as they are on disk while the first process still has its server: what a crash of both leaves behind.
        reopen: async () => openOn((await server.copy()).url, { name }),
      };
    },
  });
});
