import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openConnection, type Connection } from '@falco-talon/testkit/server';
import type { FaultRun } from '../scenario.ts';

/** One alert, and what came back. */
export interface Sent {
  readonly n: number;
  /** Its own: whatever the log says about it carries this id, also when its answer was lost. */
  readonly traceId: string;
  /** When it was sent, by `performance.now`. */
  readonly at: number;
  /** `lost`: it was sent and nothing came back; nobody was there to receive it when it is `unsent`. */
  readonly outcome: 'accepted' | 'refused' | 'lost' | 'unsent';
  /** Milliseconds until the answer. */
  readonly took: number;
  /** Of the answer; 0 without one. */
  readonly status: number;
  /** The id the server gave it; of a refusal its reason. */
  readonly said: string;
  /** The trace id of the alert it repeats: the server may leave it out as a duplicate. */
  readonly copyOf?: string;
}

export interface Load {
  readonly perSecond: number;
  /** Alerts to send; without it until `stop`. */
  readonly count?: number;
  /** The number of the first one. Default 0. */
  readonly first?: number;
  readonly body: (n: number) => string;
  readonly headers?: Readonly<Record<string, string>>;
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
export function startSender(run: FaultRun, url: string, load: Load): Sender {
  const { perSecond, count = Infinity, first = 0, connections = 50 } = load;
  const sent: Sent[] = [];
  const traces: string[] = [];
  const idle: Connection[] = [];
  const underway = new Set<Promise<void>>();
  let stopped = false;
  const done = send();
  // Whoever stops it awaits it; until then a failure must not end the process.
  done.catch(() => {});
  run.cleanUp(stop);

  async function send(): Promise<void> {
    const startedAt = performance.now();
    for (let i = 0; i < count && !stopped && !run.signal.aborted; i++) {
      const wait = startedAt + (i * 1000) / perSecond - performance.now();
      if (wait > 1) await delay(wait);
      while (underway.size >= connections) await Promise.race(underway);
      const one = sendOne(first + i).then((note) => void sent.push(note));
      underway.add(one);
      void one.finally(() => underway.delete(one));
    }
    await Promise.all(underway);
    for (const connection of idle.splice(0)) connection.close();
  }

  async function sendOne(n: number): Promise<Sent> {
    const traceId = (traces[n] = randomBytes(16).toString('hex'));
    const original = load.copyOf?.(n);
    const at = performance.now();
    const note = (outcome: Sent['outcome'], status = 0, said = ''): Sent => ({
      n,
      traceId,
      at,
      outcome,
      took: performance.now() - at,
      status,
      said,
      ...(original !== undefined && { copyOf: traces[original] ?? '' }),
    });
    const connection = idle.shift() ?? (await openConnection(url).catch(() => undefined));
    if (!connection) return note('unsent');
    const timer = setTimeout(() => connection.close(), PATIENCE);
    try {
      const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
      const { status, body, last } = await connection.post(load.body(n), { ...load.headers, traceparent });
      if (last) connection.close();
      else idle.push(connection);
      return status === 202
        ? note('accepted', status, fieldOf(body, 'id'))
        : note('refused', status, fieldOf(body, 'code') || body.slice(0, 200));
    } catch {
      connection.close();
      return note('lost');
    } finally {
      clearTimeout(timer);
    }
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
