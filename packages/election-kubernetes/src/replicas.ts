import { setTimeout as delay } from 'node:timers/promises';
import { errorText, isTalonError, type Replica, type Scope } from '@falco-talon/core';
import type { Kubernetes, KubernetesObject } from '@falco-talon/client-kubernetes';
import { LEASES } from './lease.ts';
import {
  PUBLISHED_EVERY,
  readReplica,
  replicaLease,
  replicaLeaseName,
  selectorOf,
  STALE_AFTER,
} from './replica-lease.ts';

export interface ReplicasInput extends Pick<Scope, 'logger' | 'now'> {
  readonly client: Kubernetes;
  readonly leaseName: string;
  readonly self: Replica;
  /** How often they are read. Milliseconds. */
  readonly readEvery: number;
  /** Whether this replica leads: the leader takes away what others left behind. */
  readonly leads: () => boolean;
  /** Called when other replicas became known. */
  readonly changed: () => void;
}

export interface Replicas {
  /** As last read. */
  known(identity: string): Replica | undefined;
  others(): readonly Replica[];
  find(identity: string): Promise<Replica | undefined>;
  /** Reads them in the background, unless that was done a moment ago. */
  refresh(): void;
  announce(self: Replica): void;
  /** @throws TalonError when that is not allowed */
  begin(): Promise<void>;
  close(): Promise<void>;
}

const CALL_LIMIT = 5_000;
const CLOSE_LIMIT = 1_000;
/** Known replicas are read again when asked for after so long, unknown ones sooner: anybody can ask for those. */
const KNOWN_AGE = 10_000;
const UNKNOWN_AGE = 500;
const RETRY = 2_000;
const NEVER = Number.NEGATIVE_INFINITY;

/** The replicas of this installation: each tells of itself in a Lease of its own. */
export function createReplicas(input: ReplicasInput): Replicas {
  const { client, leaseName, logger, now } = input;
  const closing = new AbortController();
  const namespace = client.ownNamespace;
  let { self } = input;
  let replicas = new Map<string, Replica>();
  /** When each Lease was first seen as it is. */
  let unchanged = new Map<string, number>();
  let readAt = NEVER;
  let reading: Promise<void> | undefined;
  let running: Promise<void> | undefined;
  let published: KubernetesObject | undefined;
  let wake = new AbortController();

  const call = () => ({ signal: AbortSignal.any([closing.signal, AbortSignal.timeout(CALL_LIMIT)]) });

  /** One at a time. Never rejects: what is known stays. */
  function read(): Promise<void> {
    reading ??= readAll()
      .catch((error: unknown) => {
        if (!closing.signal.aborted) logger.warn('replicas cannot be read', { error: errorText(error) });
      })
      .finally(() => {
        reading = undefined;
        readAt = performance.now();
      });
    return reading;
  }

  async function readAll(): Promise<void> {
    const objects = await client.list(LEASES, { ...call(), namespace, labelSelector: selectorOf(leaseName) });
    const before = JSON.stringify([...replicas.values()]);
    const moment = performance.now();
    const found = new Map<string, Replica>();
    const times = new Map<string, number>();
    for (const object of objects) {
      const key = `${object.metadata.uid} ${object.metadata.resourceVersion}`;
      times.set(key, unchanged.get(key) ?? moment);
      const replica = readReplica(object, leaseName);
      if (replica) found.set(replica.identity, replica);
    }
    replicas = found;
    unchanged = times;
    if (JSON.stringify([...found.values()]) !== before) input.changed();
    if (input.leads()) for (const object of objects) await sweep(object, moment);
  }

  /** The Leases of replicas that ended without a word; their keys are good for nothing from then on. */
  async function sweep({ metadata }: KubernetesObject, moment: number): Promise<void> {
    const { uid, resourceVersion, name } = metadata;
    const since = unchanged.get(`${uid} ${resourceVersion}`) ?? moment;
    if (moment - since < STALE_AFTER || name === replicaLeaseName(leaseName, self.identity)) return;
    await client.delete(LEASES, { namespace, name }, { ...call(), uid, resourceVersion });
    logger.info('lease of a replica that is gone was deleted', { lease: name });
  }

  async function publish(): Promise<void> {
    const object = replicaLease(self, { leaseName, namespace, now: now() });
    const name = { namespace, name: object.metadata.name };
    const found = published ?? (await client.get(LEASES, name, call()).catch(unlessGone));
    published = undefined;
    if (!found) {
      published = await client.create(LEASES, object, { ...call(), namespace });
      return;
    }
    const { resourceVersion } = found.metadata;
    const metadata = { ...object.metadata, resourceVersion };
    published = await client.replace(LEASES, name, { ...object, metadata }, call());
  }

  async function run(): Promise<void> {
    let failing = published === undefined;
    let due = performance.now() + (failing ? RETRY : PUBLISHED_EVERY);
    while (!closing.signal.aborted) {
      const woken = AbortSignal.any([closing.signal, wake.signal]);
      const wait = Math.min(Math.max(0, due - performance.now()), input.readEvery);
      await delay(wait, undefined, { signal: woken, ref: false }).catch(() => {});
      if (closing.signal.aborted) return;
      if (wake.signal.aborted) {
        wake = new AbortController();
        due = 0;
      }
      if (performance.now() >= due) {
        const error = await publish().then(
          () => undefined,
          (thrown: unknown) => errorText(thrown),
        );
        if (error !== undefined && !failing && !closing.signal.aborted)
          logger.warn('replica cannot tell of itself, will be tried again', { error });
        failing = error !== undefined;
        due = performance.now() + (failing ? RETRY : PUBLISHED_EVERY);
      }
      if (!failing) await read();
    }
  }

  return {
    known: (identity) => (identity === self.identity ? self : replicas.get(identity)),
    others: () => [...replicas.values()].filter(({ identity }) => identity !== self.identity),
    async find(identity) {
      const age = performance.now() - readAt;
      if (identity !== self.identity && age > (replicas.has(identity) ? KNOWN_AGE : UNKNOWN_AGE)) await read();
      return identity === self.identity ? self : replicas.get(identity);
    },
    refresh() {
      if (performance.now() - readAt > UNKNOWN_AGE) void read();
    },
    announce(next) {
      self = next;
      wake.abort();
    },
    async begin() {
      try {
        await publish();
        await read();
      } catch (error) {
        if (isTalonError(error) && error.code === 'forbidden') throw error;
        logger.warn('replica cannot tell of itself, will be tried again', { error: errorText(error) });
      }
      running = run();
    },
    async close() {
      closing.abort();
      await running;
      await reading;
      if (!running && !published) return;
      const name = { namespace, name: replicaLeaseName(leaseName, self.identity) };
      const signal = AbortSignal.timeout(CLOSE_LIMIT);
      await client.delete(LEASES, name, { signal }).catch((error: unknown) => {
        if (!isTalonError(error) || error.code !== 'target_gone')
          logger.warn('lease of this replica not deleted', { lease: name.name, error: errorText(error) });
      });
    },
  };
}

function unlessGone(error: unknown): undefined {
  if (isTalonError(error) && error.code === 'target_gone') return undefined;
  throw error;
}
