import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openConnection, type Connection } from '@falco-talon/testkit/server';
import type { Surroundings } from './surroundings.ts';

/** One alert, and what came back. */
export interface Sent {
  readonly n: number;
  /** Its own: whatever the log says about it carries this id, also when its answer was lost. */
  readonly traceId: string;
  /** When it was sent, by `performance.now`. */
  readonly at: number;
  /** When it was to be sent: earlier than `at` where it had to wait for a connection. Never later. */
  readonly due: number;
  /** `lost`: it was sent and nothing came back; nobody was there to receive it when it is `unsent`. */
  readonly outcome: 'accepted' | 'refused' | 'lost' | 'unsent';
  /** Milliseconds until the answer. */
  readonly took: number;
  /** Of the answer; 0 without one. */
  readonly status: number;
  /** The id the server gave it; of a refusal its reason. */
  readonly said: string;
  /** The trace id of the alert it repeats, or that repeats it (its own then): the server may leave one of them out as a duplicate. */
  readonly copyOf?: string;
}

type Headers = Readonly<Record<string, string>>;

export interface Load {
  /** Infinity: as fast as the answers come. */
  readonly perSecond: number;
  /** Alerts to send; without it until `stop`. */
  readonly count?: number;
  /** The number of the first one. Default 0. */
  readonly first?: number;
  readonly body: (n: number) => string;
  readonly headers?: Headers | ((n: number) => Headers);
  /** The number of the alert this one repeats; the body must be the same. */
  readonly copyOf?: (n: number) => number | undefined;
  /** Alerts unanswered at a time; beyond it the rate falls. Default 50. */
  readonly connections?: number;
}

export interface Sender {
  /** In the order of the answers. */
  readonly sent: readonly Sent[];
  /** Resolves when every alert of `count` is answered, or lost. */
  readonly done: Promise<void>;
  /** Sends no more; resolves when what is on its way is answered, or lost. */
  stop(): Promise<void>;
}

/** Milliseconds an answer may take before it counts as lost. */
const PATIENCE = 30_000;

/** Posts alerts at a steady rate over kept-alive connections, whatever becomes of the server. */
export function startSender(run: Pick<Surroundings, 'signal' | 'cleanUp'>, url: string, load: Load): Sender {
  const { perSecond, count = Infinity, first = 0, connections = 50 } = load;
  const sent: Sent[] = [];
  const ours = randomBytes(8).toString('hex');
  const traceOf = (n: number) => ours + (n + 1).toString(16).padStart(16, '0');
  const idle: Connection[] = [];
  /** When what each is busy with was sent. */
  const busy = new Map<Connection, number>();
  let underway = 0;
  let settled = Promise.withResolvers<void>();
  let stopped = false;
  const watch = setInterval(giveUp, PATIENCE / 10);
  const done = send();
  // Whoever stops it awaits it; until then a failure must not end the process.
  done.catch(() => {});
  run.cleanUp(stop);

  async function send(): Promise<void> {
    const startedAt = performance.now();
    let wokenAt = 0;
    for (let i = 0; i < count && !stopped && !run.signal.aborted; i++) {
      const planned = startedAt + (i * 1000) / perSecond;
      const wait = planned - performance.now();
      if (wait > 1) {
        await delay(wait);
        wokenAt = performance.now();
      }
      // A timer that is late is the fault of this process.
      const due = perSecond === Infinity ? Infinity : Math.max(planned, wokenAt);
      while (underway >= connections) await nextAnswer();
      underway++;
      void sendOne(first + i, due).then((note) => {
        sent.push(note);
        underway--;
        settled.resolve();
      });
    }
    while (underway > 0) await nextAnswer();
    clearInterval(watch);
    for (const connection of idle.splice(0)) connection.close();
  }

  function nextAnswer(): Promise<void> {
    settled = Promise.withResolvers();
    return settled.promise;
  }

  async function sendOne(n: number, due: number): Promise<Sent> {
    const traceId = traceOf(n);
    const original = load.copyOf?.(n);
    let at = performance.now();
    const note = (outcome: Sent['outcome'], status = 0, said = ''): Sent => ({
      n,
      traceId,
      at,
      due: Math.min(due, at),
      outcome,
      took: performance.now() - at,
      status,
      said,
      ...(original !== undefined && { copyOf: traceOf(original) }),
    });
    const kept = idle.shift();
    const connection = kept ?? (await openConnection(url).catch(() => undefined));
    if (!connection) return note('unsent');
    busy.set(connection, at);
    try {
      const own = typeof load.headers === 'function' ? load.headers(n) : load.headers;
      const headers = { ...own, traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
      const text = load.body(n);
      if (kept) at = performance.now();
      const { status, body, last } = await connection.post(text, headers);
      if (last) connection.close();
      else idle.push(connection);
      return status === 202
        ? note('accepted', status, fieldOf(body, 'id'))
        : note('refused', status, fieldOf(body, 'code') || body.slice(0, 200));
    } catch {
      connection.close();
      return note('lost');
    } finally {
      busy.delete(connection);
    }
  }

  function giveUp(): void {
    const oldest = performance.now() - PATIENCE;
    for (const [connection, at] of busy) if (at < oldest) connection.close();
  }

  function stop(): Promise<void> {
    stopped = true;
    return done;
  }

  return { sent, done, stop };
}

/** Resolves with the time of the first answer to an alert sent at `from` or later that was accepted. @throws the signal's reason */
export async function acceptedSince({ sent }: Sender, from: number, signal: AbortSignal): Promise<number> {
  for (let next = 0; ; await delay(5, undefined, { signal })) {
    for (; next < sent.length; next++) {
      const { at, took, outcome } = sent[next]!;
      if (at >= from && outcome === 'accepted') return at + took;
    }
  }
}

function fieldOf(body: string, field: string): string {
  try {
    const value = (JSON.parse(body) as Record<string, unknown>)[field];
    return typeof value === 'string' ? value : '';
  } catch {
    return '';
  }
}
