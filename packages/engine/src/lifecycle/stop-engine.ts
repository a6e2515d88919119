import { setTimeout as delay } from 'node:timers/promises';
import { errorText, TalonError, type Logger, type Queue } from '@falco-talon/core';
import type { Stopped } from './engine.ts';

/** Of the time to stop, what is kept back for the work that is stopped before its end. Milliseconds. */
const CLOSING = 2_500;
/** Nothing was finished for so long, and something is held. */
const STANDSTILL = 500;
/** Of that, what is kept back for writing down what it had come to. */
const WRITING = 0.35;

export interface StopParts {
  readonly queue: Queue;
  readonly durable: boolean;
  /** Events that wait for a guard, or for their turn. With a durable queue nothing waits for them: they go on after the restart. */
  readonly held: { readonly count: () => number; readonly end: () => void };
  /** What is in the queue is worked off before the stop, as far as there is time. */
  readonly worksOff: boolean;
  readonly logger: Logger;
  /** Aborted first: no event is begun any more. */
  readonly consuming: AbortController;
  /** Then: all work is told to stop. */
  readonly stopping: AbortController;
  /** Then: nobody waits any more for work that did not. */
  readonly leaving: AbortController;
  /** Resolves when the handlers have returned. */
  readonly consumption: Promise<void>;
  /** Uploads, notifications and settlements that go on after them. */
  readonly background: ReadonlySet<Promise<void>>;
  /** In order; what hangs is left behind. */
  readonly close: readonly (() => unknown)[];
}

/** Moments on the clock of `performance.now()`. */
interface Ends {
  readonly work: number;
  readonly wait: number;
  readonly all: number;
}

/**
 * Stops in time whatever plugins do. What ends by itself is finished; what does not is told to, and has some time to end in
 * order; what it had come to is written down, so that it goes on after the restart.
 * The function it gives back may be called again: less time counts, more does not.
 */
export function stopper(parts: StopParts): (grace: number) => Promise<Stopped> {
  let ends: Ends = { work: Infinity, wait: Infinity, all: Infinity };
  let hurried = Promise.withResolvers<void>();
  let stopped: Promise<Stopped> | undefined;

  /** Whether it ended in time, however it ended. */
  async function within(end: keyof Ends, work: Promise<unknown>): Promise<boolean> {
    const done = work.then(
      () => true,
      () => true,
    );
    for (;;) {
      const timer = new AbortController();
      const late = delay(Math.max(0, ends[end] - performance.now()), false, { signal: timer.signal });
      const first = await Promise.race([done, late, hurried.promise]);
      timer.abort();
      late.catch(() => {});
      if (first !== undefined) return first;
    }
  }

  async function stop(): Promise<Stopped> {
    const { queue, durable, held, worksOff, logger, consuming, stopping, leaving, consumption, background } = parts;
    if (worksOff) await within('work', emptied(queue, durable ? held : undefined, consuming.signal));
    consuming.abort();
    if (durable) held.end();
    const finished = consumption.then(() => settled(background));
    if (!(await within('work', finished))) {
      stopping.abort(new TalonError('aborted', 'Falco Talon is stopping'));
      if (!(await within('wait', finished))) leaving.abort();
      await within('all', finished);
    }
    stopping.abort(new TalonError('aborted', 'Falco Talon is stopping'));
    const unfinished = await pending(queue, within);
    for (const close of parts.close) {
      const closed = (async () => close())();
      closed.catch((error: unknown) => logger.warn('not closed cleanly', { error: errorText(error) }));
      await within('all', closed);
    }
    return { unfinished, lost: !durable && unfinished > 0 };
  }

  return (grace) => {
    const all = performance.now() + grace;
    if (all < ends.all) {
      const closing = Math.min(CLOSING, grace / 2);
      ends = { work: all - closing, wait: all - closing * WRITING, all };
      hurried.resolve();
      hurried = Promise.withResolvers();
    }
    return (stopped ??= stop());
  };
}

/** Also when what is left waits for what a guard holds. */
async function emptied(queue: Queue, held: StopParts['held'] | undefined, signal: AbortSignal): Promise<void> {
  let least = Infinity;
  let since = 0;
  while (!signal.aborted) {
    const { pending } = await queue.depth();
    if (pending === 0) return;
    if (pending < least) [least, since] = [pending, performance.now()];
    if (held && held.count() > 0 && performance.now() - since > STANDSTILL) return;
    await delay(20);
  }
}

/** Whatever is added while it is waited for, too. */
async function settled(background: ReadonlySet<Promise<void>>): Promise<void> {
  while (background.size > 0) {
    await Promise.allSettled(background);
  }
}

async function pending(
  queue: Queue,
  within: (end: 'all', work: Promise<unknown>) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  await within(
    'all',
    queue.depth().then((depth) => (count = depth.pending)),
  );
  return count;
}
