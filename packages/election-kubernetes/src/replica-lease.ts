import type { Replica } from '@falco-talon/core';
import { MANAGED_BY, type KubernetesObject } from '@falco-talon/client-kubernetes';
import { LEASE_TYPE, microTime } from './lease.ts';

/** Written again so often, and swept away when it was not for some multiple of that. Milliseconds. */
export const PUBLISHED_EVERY = 60_000;
export const STALE_AFTER = 10 * PUBLISHED_EVERY;

const ELECTION = 'falco-talon.org/election';
const ADDRESS = 'falco-talon.org/address';
const PUBLIC_KEY = 'falco-talon.org/public-key';
const CERTIFICATE = 'falco-talon.org/certificate';

export const selectorOf = (leaseName: string) => `${ELECTION}=${leaseName}`;
export const replicaLeaseName = (leaseName: string, identity: string) => `${leaseName}-replica-${identity}`;

/** The Lease by which a replica tells the others that it is there, how it is reached, and what signs its messages. */
export function replicaLease(
  { identity, address, publicKey, certificate }: Replica,
  { leaseName, namespace, now }: { readonly leaseName: string; readonly namespace: string; readonly now: number },
) {
  return {
    ...LEASE_TYPE,
    metadata: {
      name: replicaLeaseName(leaseName, identity),
      namespace,
      labels: { ...MANAGED_BY, [ELECTION]: leaseName },
      annotations: {
        [ADDRESS]: address,
        [PUBLIC_KEY]: publicKey,
        ...(certificate === undefined ? {} : { [CERTIFICATE]: certificate }),
      },
    },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: STALE_AFTER / 1000,
      renewTime: microTime(now),
    },
  };
}

/** The replica a Lease tells of; undefined when it does not, or not in full. */
export function readReplica({ metadata, spec }: KubernetesObject, leaseName: string): Replica | undefined {
  const { annotations = {} } = metadata;
  const [identity, address, publicKey, certificate] = [
    spec?.['holderIdentity'],
    annotations[ADDRESS],
    annotations[PUBLIC_KEY],
    annotations[CERTIFICATE],
  ];
  if (typeof identity !== 'string' || metadata.name !== replicaLeaseName(leaseName, identity)) return undefined;
  if (address === undefined || !isAddress(address) || !/^[A-Za-z0-9+/]{59}=$/.test(publicKey ?? '')) return undefined;
  if (address.startsWith('https:') && !/^[0-9a-f]{64}$/.test(certificate ?? '')) return undefined;
  return { identity, address, publicKey: publicKey!, ...(certificate === undefined ? {} : { certificate }) };
}

function isAddress(text: string): boolean {
  const url = URL.parse(text);
  return (url?.protocol === 'http:' || url?.protocol === 'https:') && url.origin === text;
}
