/** What the main thread and the worker say to each other. Plain data only: it is copied between threads. */

/** A message as it is stored: texts escaped, headers and journal data as JSON. */
export interface WireMessage {
  readonly id: string;
  readonly kind: string;
  readonly key: string;
  readonly notBefore: number | null;
  readonly dedup: { readonly key: string; readonly window: number } | null;
  readonly headers: string;
  readonly body: Uint8Array;
  /** From the queue it comes from. */
  readonly journal: readonly WireEntry[];
  /** Its handler starts as soon as it is stored: this attempt is counted at once. */
  readonly claimed: boolean;
}

export interface WireEntry {
  readonly step: string;
  readonly kind: string;
  readonly data: string;
}

export interface LoadedMessage {
  readonly seq: number;
  readonly id: string;
  readonly kind: string;
  readonly headers: string;
  readonly body: Uint8Array;
  readonly attempt: number;
  readonly journal: readonly WireEntry[];
  /** Number of the journal's next entry. */
  readonly next: number;
}

/** A row that cannot be trusted: it was set aside. */
export interface UnreadableMessage {
  readonly seq: number;
  readonly unreadable: string;
}

export interface WireDeadLetter {
  /** The message's id; where it is lost or not the only one, a name of its own. */
  readonly name: string;
  readonly seq: number;
  readonly kind: string;
  readonly key: string;
  readonly reason: string;
  readonly ended: number;
  readonly attempt: number;
}

/** With what it holds; absent is what does not match its checksum. */
export interface WireOpenedDeadLetter {
  readonly letter: WireDeadLetter;
  readonly message?: Pick<LoadedMessage, 'id' | 'kind' | 'headers' | 'body'>;
  readonly journal?: readonly WireEntry[];
}

export interface PutBack {
  readonly name: string;
  /** Its new number. */
  readonly seq: number;
  readonly key: string;
}

export interface WaitingMessage {
  readonly seq: number;
  readonly key: string;
  readonly notBefore: number | null;
}

export type WireSettlement =
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly at: number; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string };

/** Every call: what is sent and what is answered. */
export interface Calls {
  /** Answers a sequence number per message, null for a duplicate. All or none. */
  publish: { input: readonly WireMessage[]; output: readonly (number | null)[] };
  /** Counts the attempt and answers the messages. A number that is not there any more is left out. */
  load: { input: readonly number[]; output: readonly (LoadedMessage | UnreadableMessage)[] };
  /** Takes the attempt back: no handler was started. */
  unload: { input: readonly number[]; output: null };
  append: {
    input: { readonly seq: number; readonly from: number; readonly entries: readonly WireEntry[] };
    output: null;
  };
  settle: { input: { readonly seq: number; readonly end: WireSettlement }; output: null };
  deadList: {
    input: { readonly after: string | null; readonly limit: number };
    output: readonly WireDeadLetter[];
  };
  deadRead: { input: string; output: WireOpenedDeadLetter | null };
  /** All or none; a name that is unknown or unreadable is left out. */
  deadRetry: { input: readonly string[]; output: readonly PutBack[] };
  /** Answers the names that were there. */
  deadDrop: { input: readonly string[]; output: readonly string[] };
  /** Deletes what has expired, a bounded part at a time; answers whether more is left. */
  sweep: { input: null; output: boolean };
  /** Writes, so that it fails when nothing can be stored. */
  probe: { input: null; output: null };
}

export type CallName = keyof Calls;
export type Request = { readonly [K in CallName]: { readonly name: K; readonly input: Calls[K]['input'] } }[CallName];

export interface Failure {
  readonly failed: 'queue_full' | 'queue_failed' | 'disk';
  readonly message: string;
}

export type Answer = { readonly value: unknown } | Failure;

/** Requests that share one transaction. */
export interface Group {
  /** Milliseconds since the epoch: the worker reads no clock. */
  readonly now: number;
  readonly requests: readonly Request[];
}

export interface StoreOptions {
  /** Absolute. */
  readonly path: string;
  readonly maxBytes: number;
  readonly maxDead: number;
  /** What is set aside may take, roughly. */
  readonly maxDeadBytes: number;
  /** Milliseconds. */
  readonly deadRetention: number;
  /** Milliseconds since the epoch, at the start of the worker. */
  readonly now: number;
}

export interface Note {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What happened since the worker was started. */
export interface StoreCounts {
  /** Messages that did not match their checksum, or stood on a damaged page. */
  readonly damaged: number;
  /** Dead letters deleted: after their time, and for want of room. */
  readonly expired: number;
  readonly discarded: number;
}

/** As of the last answer. */
export interface StoreState extends StoreCounts {
  /** Messages set aside. */
  readonly dead: number;
  /** Of the file that is in use. */
  readonly bytes: number;
  /** Left on its file system; looked up with each sweep and probe. */
  readonly freeBytes: number;
}

export type FromWorker =
  | {
      readonly kind: 'opened';
      readonly waiting: readonly WaitingMessage[];
      readonly state: StoreState;
      readonly notes: readonly Note[];
    }
  /** The database cannot be used; the worker ends. */
  | { readonly kind: 'refused'; readonly message: string; readonly retryable: boolean }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[]; readonly state: StoreState };

export type ToWorker = { readonly kind: 'group'; readonly group: Group } | { readonly kind: 'close' };
