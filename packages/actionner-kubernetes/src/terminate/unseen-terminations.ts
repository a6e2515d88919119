import { connectionOf } from '@falco-talon/client-kubernetes';

/** Owners remembered at a time, the one longest unused is forgotten first; and terminations of one owner. */
const MOST_OWNERS = 1000;
const MOST_TERMINATIONS = 500;

/** One reading of an owner's ready count. */
export interface Reading {
  /** The owner's. */
  readonly uid: string;
  readonly resource_version: string;
  /** When the reading began, in milliseconds. */
  readonly read_at: number;
}

interface Termination {
  readonly pod: string;
  readonly resourceVersion: string;
  readonly at: number;
}

/**
 * Pods whose termination an owner's ready count cannot know of. Alerts about several replicas come in the same moment,
 * all see the same count, and together could take down more than `min_healthy_replicas` allows. A later reading with
 * another resourceVersion means that the owner's controller has looked again.
 */
export class UnseenTerminations {
  readonly #owners = new Map<string, readonly Termination[]>();

  /**
   * Pods other than this one that the reading still counts as healthy. A termination in the future is one of before the
   * clock was set back: nothing can be told from its time.
   */
  others(reading: Reading, pod: string, now: number): number {
    const later = ({ at }: Termination) => at >= reading.read_at && at <= now;
    const unseen = (this.#owners.get(reading.uid) ?? []).filter(
      (other) => other.pod !== pod && (other.resourceVersion === reading.resource_version || later(other)),
    );
    return new Set(unseen.map((other) => other.pod)).size;
  }

  add(reading: Reading, pod: string, at: number): void {
    const known = this.#owners.get(reading.uid) ?? [];
    this.#owners.delete(reading.uid); // to the end: the most recently used
    this.#owners.set(
      reading.uid,
      [...known, { pod, resourceVersion: reading.resource_version, at }].slice(-MOST_TERMINATIONS),
    );
    if (this.#owners.size > MOST_OWNERS) this.#owners.delete(this.#owners.keys().next().value!);
  }

  /** The pod was not terminated after all. */
  remove(reading: Reading, pod: string): void {
    const left = (this.#owners.get(reading.uid) ?? []).filter((other) => other.pod !== pod);
    if (left.length === 0) this.#owners.delete(reading.uid);
    else this.#owners.set(reading.uid, left);
  }
}

/** Per connection, so that nothing is remembered longer than the client lives; for all actions that end pods. */
const ofClients = new WeakMap<object, UnseenTerminations>();

export function unseenOf(view: object): UnseenTerminations {
  const client = connectionOf(view);
  const known = ofClients.get(client) ?? new UnseenTerminations();
  ofClients.set(client, known);
  return known;
}
