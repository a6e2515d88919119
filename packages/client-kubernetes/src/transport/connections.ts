import type { Client } from 'undici';
import type { TlsMaterial } from '../credentials/credentials.ts';
import type { Limits } from '../limits.ts';

/** Work that needs a connection for itself until it calls `release`. */
export interface Job {
  /** Holds its connection for as long as somebody reads: a log, a watch. */
  readonly lasting: boolean;
  start(client: Client, release: () => void): void;
  /** Called instead of `start` when there will be no connection. */
  refuse(lost: 'busy' | 'closed', text: string): void;
}

export interface Connections {
  submit(job: Job): void;
  /** True when the job had not started and never will. */
  withdraw(job: Job): boolean;
  /** Starts nothing until the function it returns is called: what waits would only be refused, too. */
  hold(): () => void;
  /** Finishes what runs and waits, then closes; nothing new may be submitted. Resolves when all is closed. */
  drain(): Promise<void>;
  /** Ends everything at once. */
  destroy(): Promise<void>;
}

interface Slot {
  readonly client: Client;
  busy: boolean;
  /** What it is busy with is lasting. */
  lasting: boolean;
  /** How often the watch found the same call still running. */
  seen: number;
}

const WATCH_INTERVAL = 50;
/** Counted in turns of the event loop, not by the clock, so that a process that stalls does not take its calls for slow ones. */
const HELD_AFTER = 10;

/**
 * A few kept-alive connections to one server, one call at a time on each. A call that holds its connection for about half a
 * second (a log that streams, a slow admission webhook, a server that hangs) no longer counts against `limits.connections`,
 * so that it cannot hold up the calls of other targets; `limits.mostConnections` bounds them all. What is known to last never
 * counts, and `limits.mostLasting` keeps it from taking all of them.
 *
 * undici's own Pool cannot tell the two apart, and opens a second connection for a call that starts in the same turn in
 * which the one before it ended.
 */
export function openConnections(
  undici: typeof import('undici'),
  server: { readonly origin: string; readonly tls: TlsMaterial | undefined },
  limits: Limits,
): Connections {
  const connect = undici.buildConnector({ ...server.tls, allowH2: false, timeout: limits.connectTime });
  const slots: Slot[] = [];
  const waiting = new Set<Job>();
  /** Lasting ones beyond their bound: each waits for another lasting one to end, and holds up no call. */
  const lastingWaiting = new Set<Job>();
  const endings: Promise<void>[] = [];
  const drained = Promise.withResolvers<void>();
  let draining = false;
  let holds = 0;
  /** Running, or waiting among the calls. */
  let lasting = 0;
  let watch: NodeJS.Timeout | undefined;

  function submit(job: Job): void {
    if (job.lasting && lasting >= limits.mostLasting) {
      if (lastingWaiting.size < limits.waiting) lastingWaiting.add(job);
      else job.refuse('busy', `${lastingWaiting.size} streams are waiting for a connection`);
      return;
    }
    if (job.lasting) lasting++;
    enter(job);
  }

  function enter(job: Job): void {
    const slot = waiting.size === 0 && holds === 0 ? freeSlot() : undefined;
    if (slot) begin(slot, job);
    else if (waiting.size >= limits.waiting) {
      if (job.lasting) lasting--;
      job.refuse('busy', `${waiting.size} calls are waiting for a connection`);
    } else {
      waiting.add(job);
      watch ??= setTimeout(look, WATCH_INTERVAL);
    }
  }

  function freeSlot(): Slot | undefined {
    let counted = 0;
    for (const slot of slots) {
      if (!slot.busy) return slot;
      if (slot.seen < HELD_AFTER) counted++;
    }
    if (counted >= limits.connections || slots.length >= limits.mostConnections) return undefined;
    const client = new undici.Client(server.origin, {
      connect,
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: limits.keepAlive,
      // Each call brings its own limits.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const slot = { client, busy: false, lasting: false, seen: 0 };
    slots.push(slot);
    return slot;
  }

  function begin(slot: Slot, job: Job): void {
    slot.busy = true;
    slot.lasting = job.lasting;
    slot.seen = job.lasting ? HELD_AFTER : 0;
    job.start(slot.client, () => release(slot));
  }

  function release(slot: Slot): void {
    slot.busy = false;
    if (slot.lasting) lastingDone();
    slot.lasting = false;
    if (holds > 0) return;
    const next = waiting.values().next();
    if (!next.done) {
      waiting.delete(next.value);
      begin(slot, next.value);
    } else if (draining || ordinary() > limits.connections) end(slot);
  }

  function ordinary(): number {
    return slots.reduce((count, slot) => (slot.lasting ? count : count + 1), 0);
  }

  function lastingDone(): void {
    const next = lastingWaiting.values().next();
    if (next.done) lasting--;
    else {
      lastingWaiting.delete(next.value);
      waiting.add(next.value);
      watch ??= setTimeout(look, WATCH_INTERVAL);
    }
  }

  function withdraw(job: Job): boolean {
    if (lastingWaiting.delete(job)) return true;
    if (!waiting.delete(job)) return false;
    if (job.lasting) lastingDone();
    return true;
  }

  /** A closed client ends its connection when its last request is done. */
  function end(slot: Slot): void {
    const index = slots.indexOf(slot);
    if (index < 0) return;
    slots.splice(index, 1);
    const ending = slot.client.close().catch(() => {});
    if (!draining) return;
    endings.push(ending);
    if (slots.length === 0) drained.resolve();
  }

  /** Runs only while a job waits: finds the calls that hold their connection for long, and opens others beside them. */
  function look(): void {
    watch = undefined;
    for (const slot of slots) if (slot.busy) slot.seen++;
    beginWaiting();
    if (waiting.size > 0) watch = setTimeout(look, WATCH_INTERVAL);
  }

  function beginWaiting(): void {
    if (holds > 0) return;
    for (const job of waiting) {
      const slot = freeSlot();
      if (!slot) break;
      waiting.delete(job);
      begin(slot, job);
    }
  }

  function endIdle(): void {
    for (const slot of slots.filter(({ busy }) => !busy)) end(slot);
  }

  return {
    submit,
    withdraw,
    hold() {
      holds++;
      return () => {
        if (--holds > 0) return;
        beginWaiting();
        if (draining) endIdle();
      };
    },
    async drain() {
      draining = true;
      if (holds === 0) endIdle();
      if (slots.length > 0) await drained.promise;
      await Promise.all(endings);
    },
    async destroy() {
      clearTimeout(watch);
      const refused = [...waiting, ...lastingWaiting];
      waiting.clear();
      lastingWaiting.clear();
      for (const job of refused) job.refuse('closed', 'the client is closed');
      await Promise.all(slots.splice(0).map(({ client }) => client.destroy()));
      drained.resolve();
    },
  };
}
