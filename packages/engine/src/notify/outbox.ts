import { TalonError, type Notifier, type OutcomeRecord } from '@falco-talon/core';

/** Records that may wait for all notifiers together; those beyond a notifier's share are dropped and counted. Each keeps its event in memory. */
const MAX_WAITING = 10_000;
/** Characters of all of them; a record with a log in it is far from small. */
const MAX_WAITING_SIZE = 64 * 1024 * 1024;
/** Milliseconds a record waits at most while its notifier answers nobody, and after which a call is not repeated. */
export const LONGEST_WAIT = 2 * 60_000;
/** Calls at a time to a notifier that takes records one by one. */
const PARALLEL = 4;

export interface Outbox {
  /**
   * Why the record was not delivered; undefined when it was.
   * @throws TalonError `aborted` when the process stops first
   */
  put(record: OutcomeRecord): Promise<'dropped' | TalonError | undefined>;
}

interface Waiting {
  readonly record: OutcomeRecord;
  /** In bytes when the notifier limits its batches by them, else in characters. */
  readonly size: number;
  readonly since: number;
  readonly end: (why: 'dropped' | TalonError | undefined) => void;
  readonly abort: (error: unknown) => void;
}

/** Answers per record why it did not arrive. */
type Send = (records: readonly OutcomeRecord[]) => Promise<readonly (TalonError | undefined)[]>;

/**
 * The bounded queue in front of one notifier: collects batches as the notifier asked for, and keeps calls apart.
 * @param notifiers how many share the room there is
 */
export function createOutbox(
  batch: Notifier['batch'],
  send: Send,
  signal: AbortSignal,
  notifiers: () => number = () => 1,
): Outbox {
  const { records = 1, bytes = Infinity, delay = 0 } = batch ?? {};
  const limits = { records: records >= 1 ? records : 1, bytes, delay };
  const parallel = batch ? 1 : PARALLEL;
  const waiting: Waiting[] = [];
  let waitingSize = 0;
  let running = 0;
  let timer: NodeJS.Timeout | undefined;

  function schedule(): void {
    if (running >= parallel || waiting.length === 0) return;
    if (waiting.length >= limits.records || waitingSize >= limits.bytes) start();
    else timer ??= setTimeout(start, limits.delay);
  }

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    if (running >= parallel || waiting.length === 0) return;
    const taken = takeBatch();
    if (taken.length === 0) return;
    running++;
    void deliver(taken).finally(() => {
      running--;
      schedule();
    });
  }

  function dropOld(): void {
    const oldest = performance.now() - LONGEST_WAIT;
    while (waiting[0] && waiting[0].since < oldest) {
      const { size, end } = waiting.shift()!;
      waitingSize -= size;
      end('dropped');
    }
  }

  function takeBatch(): Waiting[] {
    dropOld();
    const taken: Waiting[] = [];
    let size = 0;
    while (
      waiting[0] &&
      taken.length < limits.records &&
      (taken.length === 0 || size + waiting[0].size <= limits.bytes)
    ) {
      size += waiting[0].size;
      taken.push(waiting.shift()!);
    }
    waitingSize -= size;
    return taken;
  }

  async function deliver(taken: readonly Waiting[]): Promise<void> {
    try {
      const errors = await send(taken.map(({ record }) => record));
      taken.forEach(({ end }, index) => end(errors[index]));
    } catch (error) {
      for (const { abort } of taken) abort(error);
    }
  }

  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    for (const { abort } of waiting.splice(0))
      abort(new TalonError('aborted', 'stopped before the notification was sent'));
  });

  return {
    put(record) {
      if (signal.aborted) return Promise.reject(new TalonError('aborted', 'stopped before the notification was sent'));
      const share = notifiers();
      if (waiting.length >= MAX_WAITING / share || waitingSize >= MAX_WAITING_SIZE / share)
        return Promise.resolve('dropped');
      return new Promise((end, abort) => {
        const json = JSON.stringify(record);
        const size = batch ? Buffer.byteLength(json) : json.length;
        waiting.push({ record, size, since: performance.now(), end, abort });
        waitingSize += size;
        schedule();
      });
    },
  };
}
