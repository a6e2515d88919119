import type { Static, TObject } from 'typebox';
import type { Scope } from './scope.ts';
import type { Tenure } from './tenure.ts';

export interface Message {
  readonly id: string;
  /** `event` today; later `undo` and `approval`. */
  readonly kind: string;
  /** One key's messages are handled by one consumer, and started in order. */
  readonly key: string;
  /** Milliseconds since the epoch; not delivered earlier. */
  readonly notBefore?: number;
  /** A message whose key was accepted less than `window` milliseconds ago is a duplicate. */
  readonly dedup?: { readonly key: string; readonly window: number };
  readonly headers: Readonly<Record<string, string>>;
  /** As received. */
  readonly body: Uint8Array;
  /**
   * What its journal said in the queue it comes from: stored with it, so that nothing done there is done again. The
   * entries of attempts are left out: attempts count from one again. Not part of a delivered message.
   */
  readonly journal?: readonly Entry[];
}

/**
 * What a delivery has already come to. `plan`: the steps, frozen at the first attempt; `intent`: a step is about to act,
 * or did not after all; `kept`: an artifact of it is safe on disk; `result`: its outcome; `delivered`: its artifact's upload
 * ended; `notified`: its records reached their notifiers; `begun`: an attempt after a crash is about to act, and counts from now
 * on; `postponed`: this attempt ended in order and does not count.
 * The engine gives `data` its shape; a queue stores it as JSON.
 */
export interface Entry {
  readonly step: string;
  readonly kind: (typeof ENTRY_KINDS)[number];
  readonly data: unknown;
}

export const ENTRY_KINDS = ['plan', 'intent', 'kept', 'result', 'delivered', 'notified', 'begun', 'postponed'] as const;

/** Whether an entry speaks of an attempt, so that it means nothing where attempts count from one again. */
export function isOfAttempt({ kind }: { readonly kind: string }): boolean {
  return kind === 'begun' || kind === 'postponed';
}

export type Settlement =
  | { readonly kind: 'done' }
  /** `at`: milliseconds since the epoch; 0: at once, whatever becomes of the clock. */
  | { readonly kind: 'later'; readonly at: number; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string };

export interface Delivery {
  readonly message: Message;
  /** 1 at the first delivery. Counted before the handler runs, so a message that ends the process counts too. */
  readonly attempt: number;
  /** What earlier attempts appended. */
  readonly journal: readonly Entry[];
  /**
   * Ends when another replica may have the message. Whoever works on it stops then, records no failure, and puts it off with
   * `settle`, which tells the queue that nothing of it runs any more. Absent: the message comes to nobody else.
   */
  readonly tenure?: Tenure;
  /**
   * Resolves when the entries are as durable as the queue is.
   * @throws TalonError `not_leading` when another replica has taken the message over
   */
  append(entries: readonly Entry[]): Promise<void>;
  /** Tells a queue with leases that this delivery is still worked on. */
  keepAlive(): void;
  /** @throws TalonError `not_leading`, not retryable, when another replica has taken the message over */
  settle(end: Settlement): Promise<void>;
}

export interface ConsumeLimits {
  /** Handlers running at a time. */
  readonly inFlight: number;
  /** Handlers of one key running at a time; they are started in order. */
  readonly perKey: number;
  /** Aborted: no new delivery is started. `consume` resolves when the handlers that run have returned. */
  readonly signal: AbortSignal;
}

/** A message that was set aside. */
export interface DeadLetter {
  /** The message's id; where it is lost, or another letter has it already, a name of the queue's own. */
  readonly id: string;
  readonly kind: string;
  readonly key: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly setAsideAt: number;
  /** Attempts that were begun. */
  readonly attempts: number;
}

/** With what it holds; `message` and `journal` are absent when they cannot be read any more. */
export interface OpenedDeadLetter extends DeadLetter {
  readonly message?: Message;
  readonly journal?: readonly Entry[];
}

/** What was set aside rests here with its reason until somebody decides. */
export interface DeadLetters {
  /**
   * In the order they were set aside. `after`: id of the last one of the page before; one that is gone starts from the
   * beginning, since the oldest go first.
   */
  list(page: { readonly after?: string; readonly limit: number }): Promise<readonly DeadLetter[]>;
  read(id: string): Promise<OpenedDeadLetter | undefined>;
  /**
   * Puts them back in line, in the order given and behind what waits, each with its journal: steps with a result are not
   * run again. Attempts count from one, so the entries of attempts are left out. All or none.
   * @returns the ids that were put back; one that is unknown or unreadable is not among them
   * @throws TalonError `queue_full` when the line has no room for all of them, `queue_failed`; retryable
   */
  retry(ids: readonly string[]): Promise<readonly string[]>;
  /** Deletes them for good. Answers the ids that were there. */
  drop(ids: readonly string[]): Promise<readonly string[]>;
}

/** What a queue holds. What it cannot tell is absent. */
export interface QueueDepth {
  /** Messages not settled yet. */
  readonly pending: number;
  /** Messages set aside as dead. */
  readonly dead: number;
  /** What it takes where it is stored, and from where on it refuses what is new. */
  readonly bytes?: number;
  readonly limitBytes?: number;
  /** What is left beside it: the rest of its file system. */
  readonly freeBytes?: number;
  /** Since it was opened: messages set aside because they were damaged; stores found damaged as a whole; dead letters deleted after their time, or for want of room. */
  readonly damagedMessages?: number;
  readonly damagedStores?: number;
  readonly expired?: number;
  readonly discarded?: number;
}

export interface Queue {
  /**
   * All or none. Resolves when the messages are as durable as the queue is.
   * @throws TalonError `queue_full`, `disk` or `queue_failed`, retryable
   */
  publish(messages: readonly Message[]): Promise<readonly ('accepted' | 'duplicate')[]>;
  /**
   * A handler that returns frees its place; only `settle` ends the message. What was never settled is delivered again after a restart.
   */
  consume(handler: (delivery: Delivery) => Promise<void>, limits: ConsumeLimits): Promise<void>;
  depth(): Promise<QueueDepth>;
  /** Absent: the queue does not keep what it sets aside where it can be looked at. */
  readonly deadLetters?: DeadLetters;
  /** Rejects with a reason when nothing can be stored. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** What became of an alert: kept; no alert at all; or not taken now, so that it must be offered again. */
export type IntakeAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string };

/**
 * Takes an alert that came in through the queue's own service, as Falco or Falcosidekick wrote it; it is read, known again
 * and queued like one that was posted. Never rejects. Who may send there is the service's to decide.
 */
export type Intake = (body: Uint8Array, headers: Readonly<Record<string, string>>) => Promise<IntakeAnswer>;

export interface QueueDriver<S extends TObject = TObject> {
  readonly kind: 'queue';
  readonly apiVersion: 1;
  /** The value of `queue.type`; its settings stand under `queue.<name>`. */
  readonly name: string;
  readonly description: string;
  /** True when an accepted message survives a crash of the process. */
  readonly durable: boolean;
  /** True when several replicas work off the same messages, so that none of them has to be chosen. */
  readonly shared?: boolean;
  readonly settings: S;
  /**
   * `directory` exists and is this installation's own. `intake`: where a queue that also receives alerts brings them; absent
   * when it is only looked into.
   */
  open(
    input: Scope & { readonly settings: Static<S>; readonly directory: string; readonly intake?: Intake },
  ): Promise<Queue>;
}

export function defineQueue<const S extends TObject>(
  definition: Omit<QueueDriver<S>, 'kind' | 'apiVersion'>,
): QueueDriver<S> {
  return { ...definition, kind: 'queue', apiVersion: 1 };
}
