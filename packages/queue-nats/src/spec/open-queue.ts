import { silentLogger, type Queue } from '@falco-talon/core';
import { connect, type ConnectSettings } from '../connect.ts';
import { openNatsQueue, type NatsQueueOptions } from '../nats-queue.ts';

const MEGABYTE = 1024 * 1024;

export const LIMITS: NatsQueueOptions['streams'] = {
  replicas: 1,
  maxMessages: 20_000,
  maxBytes: 256 * MEGABYTE,
  maxDead: 1000,
  maxDeadBytes: 64 * MEGABYTE,
  deadRetention: 3_600_000,
  seenRetention: 3_600_000,
  maxSeen: 100_000,
};

/** With a lease short enough for specs. */
export async function openOn(
  url: string,
  changes: Partial<NatsQueueOptions> = {},
  identity: Partial<ConnectSettings> = {},
): Promise<Queue> {
  const { signal } = new AbortController();
  const connection = await connect({ servers: [url], limit: 3000, signal, ...identity });
  try {
    return await openNatsQueue({
      connection,
      name: 'talon',
      partitions: 4,
      lease: 600,
      limit: 3000,
      streams: LIMITS,
      now: Date.now,
      logger: silentLogger,
      ...changes,
    });
  } catch (error) {
    await connection.close();
    throw error;
  }
}
