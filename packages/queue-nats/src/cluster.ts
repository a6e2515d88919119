import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { errorText, type Logger } from '@falco-talon/core';
import { Conflict } from './failure.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import type { Layout } from './layout.ts';
import type { Link } from './link.ts';
import { newNonce } from './publisher.ts';

/** Of the lease: between two renewals. */
const BEAT = 1 / 4;
/** Of the lease: how long another replica must have been silent before its partitions are taken. More than one, so that it has stopped itself. */
const SILENCE = 1.5;

export interface ClusterDeps {
  readonly link: Link;
  readonly layout: Layout;
  readonly partitions: number;
  /** Milliseconds a replica may handle messages after it renewed its record. */
  readonly lease: number;
  readonly logger: Logger;
  readonly onGained: (partition: number) => void;
  readonly onLost: (partition: number) => void;
  /** The lease has run out: other replicas may take the partitions, or it may be renewed before they do. */
  readonly onLapsed: () => void;
  /** Nothing of it runs, so that another replica may have it. */
  readonly isIdle: (partition: number) => boolean;
  /** Nothing more of it is to be started: it is to go to another replica. False: that was called off. */
  readonly onLeaving: (partition: number, leaving: boolean) => void;
}

export interface Cluster {
  /** This replica's lease runs: nobody else handles its partitions. By a clock that never jumps. */
  readonly isValid: () => boolean;
  readonly owns: (partition: number) => boolean;
  /** Looks again at once. */
  nudge(): void;
  /** From now on partitions are only given away, each as soon as it is idle. */
  retire(): void;
  /** Gives everything back at once, so that others need not wait for the lease to end. */
  leave(): Promise<void>;
}

/**
 * Which replica handles which partition. Each replica renews a record of its own; one table says who owns what. Both are only
 * ever replaced at the revision they were read at. Before a partition of a silent replica is taken, exactly the record it was
 * last seen with is deleted: from then on that replica can renew no more, whenever it wakes.
 */
export function joinCluster(deps: ClusterDeps): Cluster {
  const { link, layout, partitions, lease, logger } = deps;
  const leaving = new AbortController();
  const owned = new Set<number>();
  const outgoing = new Set<number>();
  const seen = new Map<string, { seq: number; since: number }>();
  let self = newNonce();
  let revision = 0;
  let validUntil = 0;
  let lapse: NodeJS.Timeout | undefined;
  let retiring = false;
  let soon: () => void = () => {};
  const nudges = link.connection.subscribe(layout.nudgeSubject, { callback: () => soon() });
  const ended = run();

  async function run(): Promise<void> {
    let failing = false;
    while (!leaving.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      soon = resolve;
      try {
        await renew();
        await share();
        failing = false;
      } catch (error) {
        if (!failing && !leaving.signal.aborted)
          logger.warn('who handles which messages cannot be settled with NATS', { error: errorText(error) });
        failing = true;
      }
      await Promise.race([promise, delay(lease * BEAT, undefined, { signal: leaving.signal }).catch(() => {})]);
    }
  }

  async function renew(): Promise<void> {
    const sent = performance.now();
    const first = revision === 0;
    try {
      const record = encodeFrame({ beat: newNonce(), lease, ...(retiring && { leaving: true }) });
      revision = await link.replace(layout.state, layout.memberSubject(self), record, revision);
    } catch (error) {
      if (error instanceof Conflict) expelled();
      throw error;
    }
    validUntil = sent + lease;
    watchLease();
    if (first) tellOthers();
  }

  function watchLease(): void {
    clearTimeout(lapse);
    const left = validUntil - performance.now();
    if (left <= 0) return deps.onLapsed();
    lapse = setTimeout(watchLease, Math.ceil(left)).unref();
  }

  /** The others took this replica for dead. It comes back as a new one that owns nothing. */
  function expelled(): void {
    logger.warn('this replica was silent for too long; others have taken over its messages', { lease_ms: lease });
    self = newNonce();
    revision = 0;
    validUntil = 0;
    for (const partition of owned) lose(partition);
    soon();
  }

  function lose(partition: number): void {
    owned.delete(partition);
    outgoing.delete(partition);
    deps.onLost(partition);
  }

  async function share(): Promise<void> {
    const found = await link.last(layout.state, layout.ownersSubject);
    const owners = readOwners(found?.data, partitions);
    const { live, staying } = await members();
    const wanted = owners.map((owner, partition) => {
      const best = bestOwner(partition, staying);
      if (owner === self) {
        const stays = best === self || !mayLeave(partition);
        return stays ? self : null;
      }
      return owner !== null && live.has(owner) ? owner : best === self ? self : null;
    });
    if (wanted.some((owner, partition) => owner !== owners[partition])) {
      const data = encodeFrame({ owners: wanted, by: newNonce() });
      await link.replace(layout.state, layout.ownersSubject, data, found?.seq ?? 0);
      tellOthers();
    }
    for (const [partition, owner] of wanted.entries()) {
      if (owner === self && !owned.has(partition)) {
        owned.add(partition);
        deps.onGained(partition);
      } else if (owner !== self && owned.has(partition)) lose(partition);
    }
  }

  /** A partition another replica is to have is given away as soon as nothing of it runs here. */
  function mayLeave(partition: number): boolean {
    if (!outgoing.has(partition)) {
      outgoing.add(partition);
      deps.onLeaving(partition, true);
    }
    return deps.isIdle(partition);
  }

  /** Those that are heard of, this one among them, and which of them stay. A silent one is expelled first. */
  async function members(): Promise<{ live: Set<string>; staying: Set<string> }> {
    const subject = layout.memberSubject('');
    const { state } = await link.manager.streams.info(layout.state, { subjects_filter: `${subject}*` });
    const names = new Set(Object.keys(state.subjects ?? {}).map((name) => name.slice(subject.length)));
    for (const name of seen.keys()) if (!names.has(name)) seen.delete(name);
    const live = new Set([self]);
    const staying = new Set(retiring ? [] : [self]);
    for (const name of names) {
      if (name === self) continue;
      const record = await link.last(layout.state, `${subject}${name}`);
      if (!record || (await isSilent(name, record.seq))) continue;
      live.add(name);
      if (decodeFrame(record.data)?.meta['leaving'] !== true) staying.add(name);
    }
    for (const partition of outgoing) {
      if (bestOwner(partition, staying) !== self) continue;
      outgoing.delete(partition);
      deps.onLeaving(partition, false);
    }
    return { live, staying };
  }

  async function isSilent(name: string, seq: number): Promise<boolean> {
    const known = seen.get(name);
    if (known?.seq !== seq) {
      seen.set(name, { seq, since: performance.now() });
      return false;
    }
    if (performance.now() - known.since < lease * SILENCE) return false;
    const expelledNow = await link.remove(layout.state, seq);
    if (expelledNow) logger.warn('a replica is silent; its messages are taken over', { replica: name });
    seen.delete(name);
    return expelledNow;
  }

  function tellOthers(): void {
    if (!link.connection.isClosed()) link.connection.publish(layout.nudgeSubject);
  }

  async function leave(): Promise<void> {
    leaving.abort();
    nudges.unsubscribe();
    await ended;
    clearTimeout(lapse);
    validUntil = 0;
    for (const partition of owned) lose(partition);
    if (revision > 0) await link.remove(layout.state, revision).catch(() => {});
    tellOthers();
  }

  return {
    isValid: () => performance.now() < validUntil,
    owns: (partition) => owned.has(partition) && !outgoing.has(partition),
    nudge: () => soon(),
    retire() {
      retiring = true;
      soon();
    },
    leave,
  };
}

/** Rendezvous hashing: a replica that comes or goes moves only its own share. */
function bestOwner(partition: number, staying: ReadonlySet<string>): string | undefined {
  const score = (name: string) => createHash('sha256').update(`${partition}/${name}`).digest('hex');
  return [...staying].map((name) => ({ name, score: score(name) })).toSorted((a, b) => (a.score < b.score ? 1 : -1))[0]
    ?.name;
}

function readOwners(data: Uint8Array | undefined, partitions: number): (string | null)[] {
  const owners: unknown = data ? decodeFrame(data)?.meta['owners'] : [];
  if (!Array.isArray(owners)) throw new Error('the table of owners is damaged');
  return Array.from({ length: partitions }, (_, partition) => {
    const owner: unknown = owners[partition];
    return typeof owner === 'string' ? owner : null;
  });
}
