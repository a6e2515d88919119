import { Worker } from 'node:worker_threads';
import { TalonError, type Logger } from '@falco-talon/core';
import type {
  Answer,
  CallName,
  Calls,
  FromWorker,
  Group,
  Request,
  StoreCounts,
  StoreOptions,
  StoreState,
  ToWorker,
} from './protocol.ts';

/** What shares one transaction, at most: bounds the pause of those that come after. */
const GROUP_REQUESTS = 512;
const GROUP_BYTES = 16 * 1024 * 1024;
/** What may wait for the worker; more is refused to publishers. */
const WAITING_BYTES = 64 * 1024 * 1024;
const WAITING_REQUESTS = 20_000;
/** Milliseconds before a lost worker is started again; doubles up to the second one. */
const RESTART_DELAY = [100, 5000] as const;
/** Milliseconds `close` waits for the disk. */
const CLOSE_LIMIT = 10_000;

export type Opened = Extract<FromWorker, { kind: 'opened' }>;

export interface Channel {
  /**
   * Settles when the worker has answered, however late; requests of one turn of the event loop share a transaction.
   * @throws TalonError `queue_full` or `queue_failed`
   */
  call<K extends CallName>(name: K, input: Calls[K]['input']): Promise<Calls[K]['output']>;
  /** As of the last answer. */
  state(): StoreState & { readonly damagedStores: number };
  /** Answers everything that was asked, then ends the worker. */
  close(): Promise<void>;
}

export interface ChannelOptions {
  readonly store: Omit<StoreOptions, 'now'>;
  readonly worker: URL;
  readonly now: () => number;
  readonly logger: Logger;
  /** After each start of a worker: what it found. */
  readonly onOpened: (opened: Opened) => void;
}

interface Pending {
  readonly request: Request;
  readonly bytes: number;
  resolve(value: unknown): void;
  reject(error: TalonError): void;
}

/** The main thread's end of the worker. Resolves when the database is open, rejects when it is refused. */
export async function openChannel(options: ChannelOptions): Promise<Channel> {
  const { logger, now } = options;
  let worker: Worker | undefined;
  let waiting: Pending[] = [];
  let waitingBytes = 0;
  let sent: Pending[] | undefined;
  let scheduled = false;
  let state: StoreState = { dead: 0, bytes: 0, freeBytes: Infinity, damaged: 0, expired: 0, discarded: 0 };
  /** What workers before this one have counted. */
  let earlier: StoreCounts = state;
  let damagedStores = 0;
  let down: string | undefined;
  /** Whoever opens the queue is told why it cannot be opened at first. */
  let opened = false;
  let closed = false;
  let restartDelay: number = RESTART_DELAY[0];
  let restartTimer: NodeJS.Timeout | undefined;
  let onIdle: (() => void) | undefined;

  function totals(): StoreCounts {
    return {
      damaged: earlier.damaged + state.damaged,
      expired: earlier.expired + state.expired,
      discarded: earlier.discarded + state.discarded,
    };
  }

  function call<K extends CallName>(name: K, input: Calls[K]['input']): Promise<Calls[K]['output']> {
    if (closed) return Promise.reject(new TalonError('queue_failed', 'The queue is closed.'));
    if (down !== undefined) return Promise.reject(new TalonError('queue_failed', down, { retryable: true }));
    const request = { name, input } as unknown as Request;
    const bytes = bodyBytes(request);
    if (name === 'publish' && (waitingBytes + bytes > WAITING_BYTES || waiting.length >= WAITING_REQUESTS)) {
      const message = 'Events arrive faster than the disk can take them.';
      return Promise.reject(new TalonError('queue_full', message, { retryable: true }));
    }
    return new Promise((resolve, reject) => {
      waiting.push({ request, bytes, resolve: resolve as (value: unknown) => void, reject });
      waitingBytes += bytes;
      schedule();
    });
  }

  /** After the I/O of this turn, so that all requests it brought share the transaction. */
  function schedule(): void {
    if (scheduled || sent || waiting.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (!sent && worker && waiting.length > 0) flush(worker);
    });
  }

  function flush(to: Worker): void {
    let count = 0;
    let bytes = 0;
    while (count < waiting.length && count < GROUP_REQUESTS && (count === 0 || bytes < GROUP_BYTES)) {
      bytes += waiting[count++]?.bytes ?? 0;
    }
    sent = waiting.slice(0, count);
    waiting = waiting.slice(count);
    waitingBytes -= bytes;
    const group: Group = { now: now(), requests: sent.map(({ request }) => request) };
    to.postMessage({ kind: 'group', group } satisfies ToWorker, group.requests.flatMap(bodyBuffers));
  }

  function answer(answers: readonly Answer[]): void {
    const asked = sent ?? [];
    sent = undefined;
    restartDelay = RESTART_DELAY[0];
    asked.forEach((pending, index) => {
      const one = answers[index];
      if (one && 'value' in one) pending.resolve(one.value);
      else
        pending.reject(
          new TalonError(one?.failed ?? 'queue_failed', one?.message ?? 'No answer.', { retryable: true }),
        );
    });
    schedule();
    if (!sent && waiting.length === 0) onIdle?.();
  }

  function lose(reason: string): void {
    down = `The worker of the queue ended (${reason}); it is being started again.`;
    worker = undefined;
    const lost = [...(sent ?? []), ...waiting];
    sent = undefined;
    waiting = [];
    waitingBytes = 0;
    for (const pending of lost) pending.reject(new TalonError('queue_failed', down, { retryable: true }));
    onIdle?.();
    if (closed || !opened) return;
    logger.error('the worker of the queue ended', { reason, restart_ms: restartDelay });
    restartTimer = setTimeout(() => void start().catch(() => {}), restartDelay);
    restartDelay = Math.min(restartDelay * 2, RESTART_DELAY[1]);
  }

  function start(): Promise<void> {
    return new Promise((resolve, reject) => {
      let reason: string | undefined;
      const started = new Worker(options.worker, {
        name: 'queue-sqlite',
        workerData: { ...options.store, now: now() } satisfies StoreOptions,
        env: {},
        execArgv: [],
        // Rows live for a moment only; a nursery of the usual size costs some 30 MB more.
        resourceLimits: { maxYoungGenerationSizeMb: 8 },
      });
      started.on('error', (error) => (reason = error instanceof Error ? error.message : String(error)));
      started.on('exit', (code) => {
        reason ??= `exit code ${code}`;
        reject(
          new TalonError('queue_failed', `The worker of the queue did not start: ${reason}.`, { retryable: true }),
        );
        lose(reason);
      });
      started.on('message', (message: FromWorker) => {
        if (message.kind === 'answers') {
          state = message.state;
          answer(message.answers);
        } else if (message.kind === 'refused') {
          reason = message.message;
          reject(new TalonError('queue_failed', message.message, { retryable: message.retryable }));
        } else {
          worker = started;
          opened = true;
          down = undefined;
          earlier = totals();
          state = message.state;
          damagedStores += message.notes.length;
          for (const note of message.notes) logger.error(note.message, note.fields);
          options.onOpened(message);
          resolve();
          schedule();
        }
      });
    });
  }

  async function close(): Promise<void> {
    clearTimeout(restartTimer);
    const ending = worker;
    // A disk that hangs must not keep the process: what was committed is safe either way.
    const hard = setTimeout(() => void ending?.terminate(), CLOSE_LIMIT);
    while (sent || waiting.length > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    closed = true;
    if (ending && ending === worker) {
      const exited = new Promise((resolve) => ending.once('exit', resolve));
      ending.postMessage({ kind: 'close' } satisfies ToWorker);
      await exited;
    }
    clearTimeout(hard);
    clearTimeout(restartTimer);
  }

  try {
    await start();
  } catch (error) {
    closed = true;
    clearTimeout(restartTimer);
    throw error;
  }
  return { call, state: () => ({ ...state, ...totals(), damagedStores }), close };
}

function bodyBytes(request: Request): number {
  if (request.name !== 'publish') return 0;
  return request.input.reduce((sum, { body, journal }) => {
    return journal.reduce((bytes, { data }) => bytes + data.length, sum + body.byteLength);
  }, 0);
}

function bodyBuffers(request: Request): ArrayBuffer[] {
  return request.name === 'publish' ? request.input.map(({ body }) => body.buffer as ArrayBuffer) : [];
}
