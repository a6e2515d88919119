import type { KubernetesObject, Resource } from '@falco-talon/client-kubernetes';

export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
export const LEASE_TYPE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;

/** A holder that announces more is not waited for longer. Seconds. */
const LONGEST_DURATION = 3600;
const MOST_TRANSITIONS = 2 ** 31 - 2;

/** What a Lease says, whoever wrote it. */
export interface LeaseRecord {
  /** Empty: nobody. */
  readonly holder: string;
  /** Milliseconds; 0 when it says nothing that makes sense. */
  readonly duration: number;
  readonly transitions: number;
  readonly acquireTime: string | undefined;
  /** Another text after each renewal. Times in it are other machines' and are never compared with ours. */
  readonly text: string;
}

export function readLease({ metadata, spec = {} }: KubernetesObject): LeaseRecord {
  const { holderIdentity, leaseDurationSeconds: seconds, leaseTransitions: count, acquireTime, renewTime } = spec;
  return {
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    duration: isCount(seconds) ? Math.min(seconds, LONGEST_DURATION) * 1000 : 0,
    transitions: isCount(count) && count <= MOST_TRANSITIONS ? count : 0,
    acquireTime: typeof acquireTime === 'string' ? acquireTime : undefined,
    text: JSON.stringify([metadata.uid, holderIdentity, seconds, count, acquireTime, renewTime]),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

/** Exactly six digits: the API server refuses any other number of them. */
export function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
