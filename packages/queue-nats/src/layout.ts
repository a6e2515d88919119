import { createHash } from 'node:crypto';

/** The names of everything the queue has in NATS. They all start with the queue's own name. */
export interface Layout {
  readonly events: string;
  readonly state: string;
  readonly seen: string;
  readonly dead: string;
  readonly eventSubject: (partition: number) => string;
  readonly journalSubject: (nonce: string) => string;
  readonly memberSubject: (replica: string) => string;
  readonly metaSubject: string;
  readonly ownersSubject: string;
  readonly seenSubject: (key: string) => string;
  readonly deadSubject: (id: string, nonce: string) => string;
  readonly anyDeadSubject: (nonce: string) => string;
  /** Told to the other replicas when one comes or goes; nothing depends on it. */
  readonly nudgeSubject: string;
}

export function layoutOf(name: string): Layout {
  return {
    events: `${name}_events`,
    state: `${name}_state`,
    seen: `${name}_seen`,
    dead: `${name}_dead`,
    eventSubject: (partition) => `${name}.event.${partition}`,
    journalSubject: (nonce) => `${name}.state.journal.${nonce}`,
    memberSubject: (replica) => `${name}.state.member.${replica}`,
    metaSubject: `${name}.state.meta`,
    ownersSubject: `${name}.state.owners`,
    seenSubject: (key) => `${name}.seen.${digest(key)}`,
    deadSubject: (id, nonce) => `${name}.dead.${digest(id)}.${nonce}`,
    anyDeadSubject: (nonce) => `${name}.dead.*.${nonce}`,
    nudgeSubject: `${name}.nudge`,
  };
}

/** Any text as a token of a subject. */
function digest(text: string): string {
  return createHash('sha256').update(JSON.stringify(text)).digest('base64url');
}

/** The same for every replica and version: where a key's messages go. */
export function partitionOf(key: string, partitions: number): number {
  return createHash('sha256').update(JSON.stringify(key)).digest().readUInt32BE(0) % partitions;
}
