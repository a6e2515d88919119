import { resolve } from 'node:path';
import { defineQueue } from '@falco-talon/core';
import { settings } from './settings.ts';

const MEGABYTE = 1024 * 1024;
const HOUR = 3_600_000;
const MOST_SEEN = 1_000_000;

export const nats = defineQueue({
  name: 'nats',
  description: 'Events are in NATS JetStream before they are acknowledged. For several replicas, which share the work.',
  durable: true,
  shared: true,
  settings,
  async open({ settings: given, directory, logger, now, signal, intake }) {
    // Loaded when it is used: who has another queue pays nothing for it.
    const [{ connect }, { openNatsQueue }] = await Promise.all([import('./connect.ts'), import('./nats-queue.ts')]);
    const limit = given.timeout_seconds * 1000;
    const { ca_file, cert_file, key_file } = given;
    const files = Object.entries({ ca_file, cert_file, key_file }).flatMap(([key, path]) =>
      path === undefined ? [] : [[key, resolve(directory, path)] as const],
    );
    const connection = await connect({ ...given, ...Object.fromEntries(files), limit, signal });
    try {
      return await openNatsQueue({
        connection,
        name: given.name,
        partitions: given.partitions,
        lease: given.lease_seconds * 1000,
        limit,
        streams: {
          replicas: given.replicas,
          maxMessages: given.max_messages,
          maxBytes: given.max_megabytes * MEGABYTE,
          maxDead: given.max_dead,
          maxDeadBytes: given.max_dead_megabytes * MEGABYTE,
          deadRetention: given.dead_retention_hours * HOUR,
          seenRetention: given.deduplication_hours * HOUR,
          maxSeen: MOST_SEEN,
        },
        ...(given.falcosidekick && intake && { foreign: { ...given.falcosidekick, intake } }),
        now,
        logger,
      });
    } catch (error) {
      await connection.close();
      throw error;
    }
  },
});
