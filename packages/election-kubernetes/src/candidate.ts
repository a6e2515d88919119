import { setTimeout as delay } from 'node:timers/promises';
import { errorText, isTalonError, type Lead, type Scope } from '@falco-talon/core';
import { FIELD_MANAGER, MANAGED_BY, type Kubernetes, type KubernetesObject } from '@falco-talon/client-kubernetes';
import { LEASES, LEASE_TYPE, microTime, readLease, type LeaseRecord } from './lease.ts';
import type { Periods } from './settings.ts';

export interface CandidateInput extends Pick<Scope, 'logger' | 'now'> {
  readonly client: Kubernetes;
  readonly leaseName: string;
  readonly identity: string;
  readonly periods: Periods;
  /** Called after each change of `lead` or `holder`. */
  readonly changed: () => void;
}

export interface Candidate {
  lead(): Lead | undefined;
  /** Who holds the Lease, as far as is known. */
  holder(): string | undefined;
  /**
   * Looks at the Lease for the first time, and from then on without end.
   * @throws TalonError when that is not allowed; whatever else goes wrong is tried again
   */
  begin(): Promise<void>;
  /** Gives the Lease up when this replica holds it. */
  close(): Promise<void>;
}

/** One look or renewal. Milliseconds. */
const CALL_LIMIT = 5_000;
const RELEASE_LIMIT = 1_000;

const LEADS = 'leads ';

interface Held {
  readonly term: number;
  /** `performance.now()` and the time of day at the start of the last renewal. */
  readonly renewed: number;
  readonly renewedAt: number;
  /** Not before this moment of `performance.now()`. */
  readonly from: number;
}

/**
 * A candidate as client-go's: the Lease is taken over when it has not changed for its duration, as measured by this machine;
 * every write names the version it was decided on, so that of two replicas only one succeeds, and one that was frozen in between
 * fails.
 */
export function createCandidate(input: CandidateInput): Candidate {
  const { client, identity, periods, leaseName, logger, now } = input;
  const closing = new AbortController();
  const name = { namespace: client.ownNamespace, name: leaseName };
  const callLimit = Math.min(CALL_LIMIT, Math.max(periods.retry, periods.deadline / 2));
  let seen: { readonly record: LeaseRecord; readonly at: number } | undefined;
  let held: Held | undefined;
  let told = '';
  let failing = '';
  let lapse: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  function lead(): Lead | undefined {
    if (!held || closing.signal.aborted) return undefined;
    const until = held.renewed + periods.deadline;
    const moment = performance.now();
    // The time of day goes on while a machine is suspended, which the other clock does not. One set forward costs the lead
    // until the next renewal.
    const valid = moment >= held.from && moment < until && now() - held.renewedAt < periods.deadline;
    if (valid) return { term: held.term, until };
    // Whoever asked found out before the timer.
    if (told.startsWith(LEADS)) {
      told = '';
      setImmediate(tell);
    }
    return undefined;
  }

  const holder = () => seen?.record.holder || undefined;

  /** Tells of changes; called whenever there may be one, and when the lead ends by itself or begins. */
  function tell(): void {
    clearTimeout(lapse);
    const current = lead();
    if (held && !closing.signal.aborted) {
      const next = current ? current.until : held.from;
      const wait = next - performance.now();
      if (wait > 0) (lapse = setTimeout(tell, Math.ceil(wait) + 1)).unref();
    }
    const state = `${current ? LEADS : ''}${current?.term} ${holder()}`;
    if (state === told) return;
    told = state;
    input.changed();
  }

  function call() {
    return { signal: AbortSignal.any([closing.signal, AbortSignal.timeout(callLimit)]), fieldManager: FIELD_MANAGER };
  }

  async function read(): Promise<KubernetesObject | undefined> {
    try {
      return await client.get(LEASES, name, call());
    } catch (error) {
      if (isTalonError(error) && error.code === 'target_gone') return undefined;
      throw error;
    }
  }

  function note(object: KubernetesObject): LeaseRecord {
    const record = readLease(object);
    if (seen?.record.text !== record.text) seen = { record, at: performance.now() };
    return record;
  }

  function specFor(term: number, acquireTime: string) {
    const leaseDurationSeconds = Math.round(periods.duration / 1000);
    return {
      holderIdentity: identity,
      leaseDurationSeconds,
      acquireTime,
      renewTime: microTime(now()),
      leaseTransitions: term,
    };
  }

  /** Whoever led by a Lease that somebody deleted may go on until its deadline, so a new one counts only after that. */
  const afterOthers = () => performance.now() + periods.duration;

  async function create(): Promise<void> {
    const renewed = performance.now();
    const renewedAt = now();
    const made = await client.create(
      LEASES,
      { ...LEASE_TYPE, metadata: { ...name, labels: MANAGED_BY }, spec: specFor(0, microTime(renewedAt)) },
      { ...call(), namespace: name.namespace },
    );
    note(made);
    held = { term: 0, renewed, renewedAt, from: afterOthers() };
  }

  async function take(found: KubernetesObject, record: LeaseRecord): Promise<void> {
    const mine = record.holder === identity;
    const term = mine ? record.transitions : record.transitions + 1;
    const renewed = performance.now();
    const renewedAt = now();
    const spec = specFor(term, (mine && record.acquireTime) || microTime(renewedAt));
    const stored = await client.replace(LEASES, name, { ...LEASE_TYPE, metadata: found.metadata, spec }, call());
    note(stored);
    // A PUT creates a Lease that was deleted meanwhile.
    const isNew = stored.metadata.uid !== found.metadata.uid;
    held = { term, renewed, renewedAt, from: isNew ? afterOthers() : (held?.from ?? 0) };
  }

  async function look(): Promise<void> {
    const found = await read();
    if (!found) {
      held = undefined;
      return create();
    }
    const record = note(found);
    const lasts = Math.max(periods.duration, record.duration);
    const free = record.holder === '' || record.holder === identity;
    if (record.holder !== identity) held = undefined;
    if (free || performance.now() - (seen?.at ?? 0) >= lasts) await take(found, record);
  }

  /** @returns the error, when there was one */
  async function attempt(): Promise<unknown> {
    try {
      await look();
      if (failing !== '') logger.info('lease can be used again', { lease: leaseName });
      failing = '';
      return undefined;
    } catch (error) {
      const text = errorText(error);
      const lost = isTalonError(error) && error.code === 'conflict';
      if (!lost && text !== failing && !closing.signal.aborted)
        logger.warn('lease cannot be used, will be tried again', { lease: leaseName, error: text });
      if (!lost) failing = text;
      return error;
    } finally {
      tell();
    }
  }

  /** A leader renews evenly; candidates look at different moments, and when the Lease may be free. */
  function pause(): number {
    if (held) return periods.retry;
    const spread = periods.retry * (1 + Math.random() * 0.2);
    if (!seen || seen.record.holder === '') return spread;
    const expires = seen.at + Math.max(periods.duration, seen.record.duration) - performance.now();
    return expires > 0 ? Math.min(spread, expires + Math.random() * 0.1 * periods.retry) : spread;
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      await delay(pause(), undefined, { signal: closing.signal, ref: false }).catch(() => {});
      if (!closing.signal.aborted) await attempt();
    }
  }

  async function release(): Promise<void> {
    const signal = AbortSignal.timeout(RELEASE_LIMIT);
    const found = await client.get(LEASES, name, { signal });
    const { holder: current, transitions, acquireTime } = readLease(found);
    if (current !== identity) return;
    const renewTime = microTime(now());
    const spec = {
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: acquireTime ?? renewTime,
      renewTime,
      leaseTransitions: transitions,
    };
    await client.replace(LEASES, name, { ...LEASE_TYPE, metadata: found.metadata, spec }, { signal });
  }

  return {
    lead,
    holder,
    async begin() {
      const error = await attempt();
      if (isTalonError(error) && error.code === 'forbidden') throw error;
      running = run();
    },
    async close() {
      closing.abort();
      tell();
      await running;
      // It was not allowed to look: nothing is held, and each further refusal would only be told again.
      if (!running) return;
      // Also when it was not held a moment ago: a renewal that was cut off may have arrived.
      await release().catch((error: unknown) =>
        logger.warn('lease not released', { lease: leaseName, error: errorText(error) }),
      );
    },
  };
}
