import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { ReplicaAddress } from '@falco-talon/engine';

export interface OwnAddressInput {
  /** `advertise_address`; empty: found out. */
  readonly advertised: string;
  readonly listenAddress: string;
  readonly port: number;
  /** PEM; undefined: plain HTTP. */
  readonly certificate: Uint8Array | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** Where the other replicas reach this one, and the certificate they find there. */
export function ownAddress(input: OwnAddressInput): ReplicaAddress {
  const { advertised, listenAddress, port, certificate, variables } = input;
  const anywhere = ['0.0.0.0', '::', ''].includes(listenAddress);
  const host = advertised || (anywhere ? variables['POD_IP'] || firstAddress() : listenAddress);
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (certificate === undefined) return { address: `http://${authority}` };
  const { fingerprint256 } = new X509Certificate(certificate);
  return { address: `https://${authority}`, certificate: fingerprint256.replaceAll(':', '').toLowerCase() };
}

/** Of this machine, as others see it. */
function firstAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return (outside.find(({ family }) => family === 'IPv4') ?? outside[0])?.address ?? '127.0.0.1';
}
