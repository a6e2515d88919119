import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { testQueue } from '@falco-talon/testkit';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { endServers, missing, startNats, type NatsServer } from './spec/nats-server.ts';
import { openOn } from './spec/open-queue.ts';

describe.skipIf(missing)('on a server of its own', () => {
  let server: NatsServer;
  let clean: () => Promise<unknown>;
  const copies: NatsServer[] = [];
  beforeAll(async () => {
    server = await startNats();
    const connection = await connect({ servers: server.url });
    const { streams } = await jetstreamManager(connection);
    clean = async () => {
      for await (const { config } of streams.list()) await streams.delete(config.name);
    };
    return () => connection.close();
  });
  afterAll(endServers);
  // After the queues were closed. What is left would be in each copy.
  afterEach(async () => {
    for (const copy of copies.splice(0)) await copy.close();
    await clean();
  });

  testQueue('nats', {
    durable: true,
    many: 200,
    async open() {
      return {
        queue: await openOn(server.url),
        // The files as they are on disk while the first process still has its server: what a crash of both leaves behind.
        async reopen() {
          const copy = await server.copy();
          copies.push(copy);
          return openOn(copy.url);
        },
      };
    },
  });
});
