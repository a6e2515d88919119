import type { Logger, QueueDepth } from '@falco-talon/core';
import type { SpoolDepth } from '@falco-talon/engine';

/** Of its limit: from here on somebody should look, and below the second it is over. */
const LOW = [0.8, 0.75] as const;
/** Bytes left on the file system: the same. A fifth of the queue's limit is enough where that is less. */
const FREE = [256 * 1024 * 1024, 288 * 1024 * 1024] as const;
/** Milliseconds. */
const INTERVAL = 5_000;

export interface StorageSources {
  readonly queueDepth: () => Promise<QueueDepth>;
  readonly spoolDepth: () => SpoolDepth;
}

export interface StorageWatch {
  readonly low: () => Readonly<Record<'queue' | 'spool', boolean>>;
  stop(): void;
}

/** Warns while there is still room: once when a store becomes nearly full, and once when it is over. */
export function watchStorage(sources: StorageSources, logger: Logger): StorageWatch {
  const low = { queue: false, spool: false };
  let timer = setTimeout(look, 0).unref();
  let stopped = false;

  async function look(): Promise<void> {
    // A queue that cannot be asked has a readiness check that says why.
    const queue = await sources.queueDepth().catch(() => undefined);
    if (stopped) return;
    if (queue) note('queue', isLow(queue, low.queue), { ...fieldsOf(queue), free_bytes: queue.freeBytes });
    const spool = sources.spoolDepth();
    const files = { files: spool.files, limit_files: spool.limitFiles };
    note('spool', isLow(spool, low.spool) || isFull(spool.files, spool.limitFiles, low.spool), {
      ...fieldsOf(spool),
      ...files,
    });
    timer = setTimeout(look, INTERVAL).unref();
  }

  function note(store: 'queue' | 'spool', now: boolean, fields: Readonly<Record<string, unknown>>): void {
    if (now === low[store]) return;
    low[store] = now;
    if (now) logger.warn('storage is nearly full', { store, ...fields, remedy: REMEDY[store] });
    else logger.info('storage has room again', { store, ...fields });
  }

  return {
    low: () => low,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

const REMEDY = {
  queue: 'make room on its disk, find out what keeps events from being finished, or raise the limit of the queue',
  spool: 'check the outputs, take away what can no longer be uploaded, or raise limits.spool_bytes',
};

interface Room {
  readonly bytes?: number;
  readonly limitBytes?: number;
  readonly freeBytes?: number;
}

const fieldsOf = ({ bytes, limitBytes }: Room) => ({ bytes, limit_bytes: limitBytes });

export function isLow({ bytes = 0, limitBytes = Infinity, freeBytes = Infinity }: Room, before: boolean): boolean {
  const free = Math.min(FREE[before ? 1 : 0], limitBytes / 5);
  return isFull(bytes, limitBytes, before) || freeBytes < free;
}

function isFull(value: number, limit: number, before: boolean): boolean {
  return value >= limit * LOW[before ? 1 : 0];
}
