import type { QueueDepth } from '@falco-talon/core';
import type { SpoolDepth } from '@falco-talon/engine';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { StorageWatch } from '../lifecycle/watch-storage.ts';

export interface StorageSources {
  readonly queueDepth: () => Promise<QueueDepth>;
  readonly spoolDepth: () => SpoolDepth;
  readonly lowStores: StorageWatch['low'];
}

/** What the queue and the spool of artifacts hold, and may hold; read at each scrape. */
export function storageMetrics(register: Registry, prefix: string, sources: StorageSources): void {
  const registers = [register];
  // Asked once for all series of a scrape. A queue that cannot be asked has no depth; its readiness check says why.
  let asked: Promise<QueueDepth | undefined> | undefined;
  const depth = () =>
    (asked ??= sources
      .queueDepth()
      .catch(() => undefined)
      .finally(() => (asked = undefined)));

  new Gauge({
    name: `${prefix}_queue_messages`,
    help: 'Events in the queue: pending, or set aside as dead.',
    labelNames: ['state'],
    registers,
    async collect() {
      const found = await depth();
      this.reset();
      if (found === undefined) return;
      this.set({ state: 'pending' }, found.pending);
      this.set({ state: 'dead' }, found.dead);
    },
  });

  const series = [
    ['queue_bytes', 'Bytes the queue takes.', 'bytes'],
    ['queue_limit_bytes', 'Bytes the queue may take.', 'limitBytes'],
    ['queue_free_bytes', "Bytes left on the queue's file system.", 'freeBytes'],
  ] as const;
  for (const [name, help, key] of series) {
    new Gauge({
      name: `${prefix}_${name}`,
      help,
      registers,
      async collect() {
        const value = (await depth())?.[key];
        this.remove();
        if (value !== undefined) this.set(value);
      },
    });
  }

  const counts = [
    ['queue_damaged_messages', 'Events set aside because they were damaged on disk.', 'damagedMessages'],
    ['queue_damaged_stores', 'Times the queue was found damaged as a whole.', 'damagedStores'],
  ] as const;
  for (const [name, help, key] of counts) {
    new Counter({
      name: `${prefix}_${name}_total`,
      help,
      registers,
      async collect() {
        const value = (await depth())?.[key] ?? 0;
        this.reset();
        this.inc(value);
      },
    });
  }
  new Counter({
    name: `${prefix}_dead_letters_deleted_total`,
    help: 'Events set aside and deleted since: after their time (age), or for want of room (room).',
    labelNames: ['reason'],
    registers,
    async collect() {
      const { expired = 0, discarded = 0 } = (await depth()) ?? {};
      this.reset();
      this.inc({ reason: 'age' }, expired);
      this.inc({ reason: 'room' }, discarded);
    },
  });

  const spool = [
    ['spool_bytes', 'Bytes of artifacts that wait for their upload.', 'bytes'],
    ['spool_limit_bytes', 'Bytes they may have together.', 'limitBytes'],
    ['spool_files', 'Artifacts that wait for their upload.', 'files'],
    ['spool_limit_files', 'Artifacts that may wait.', 'limitFiles'],
  ] as const;
  for (const [name, help, key] of spool) {
    new Gauge({
      name: `${prefix}_${name}`,
      help,
      registers,
      collect() {
        this.set(sources.spoolDepth()[key]);
      },
    });
  }
  new Gauge({
    name: `${prefix}_storage_low`,
    help: '1 while a store is nearly full, or its file system is.',
    labelNames: ['store'],
    registers,
    collect() {
      for (const [store, low] of Object.entries(sources.lowStores())) this.set({ store }, low ? 1 : 0);
    },
  });
}
