import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { remoteAddress, TalonError, type FalcoEvent } from '@falco-talon/core';
import { normalCidr } from './cidr.ts';

/** Where no connection leads to that a policy of the network could cut. */
const NOT_REMOTE: readonly (readonly [what: string, ranges: readonly string[]])[] = [
  ['the unspecified address', ['0.0.0.0/8', '::/128']],
  ['a loopback address', ['127.0.0.0/8', '::1/128']],
  ['a multicast address', ['224.0.0.0/4', 'ff00::/8']],
  ['the broadcast address', ['255.255.255.255/32']],
  ['an address of the link it is used on', ['fe80::/10']],
];

const LISTS = NOT_REMOTE.map(([what, ranges]) => [what, blockList(ranges)] as const);

/**
 * The remote address of the connection an alert is about, in its canonical form; an IPv4 address in IPv6 dress as IPv4.
 * @throws TalonError `missing_field`, or `invalid_value` when the value is none a policy could deny: it is hostile text
 */
export function addressOfEvent(event: FalcoEvent): string {
  const text = remoteAddress(event);
  if (text === undefined) throw new TalonError('missing_field', 'the alert names no remote address: fd.rip or fd.sip');
  const address = canonicalAddress(text);
  const shown = JSON.stringify(text.slice(0, 80));
  if (address === undefined) {
    throw new TalonError(
      'invalid_value',
      `${shown} is no IP address that can be denied: expected 192.0.2.1 or 2001:db8::1`,
    );
  }
  const found = LISTS.find(([, list]) => isIn(list, address));
  if (found !== undefined) {
    throw new TalonError('invalid_value', `${shown} is ${found[0]}, which no network policy can deny`);
  }
  return address;
}

/** Undefined for a text that is no address; one with a zone (`fe80::1%eth0`) is meant for one machine only, and is none. */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const value = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** The range of this address alone: `/32`, or `/128` for IPv6. */
export function hostRange(address: string): string {
  return normalCidr(address) ?? address;
}

/** Ranges clusters take their own addresses from. 240.0.0.0/4: GKE. */
const OFTEN_IN_CLUSTERS = blockList([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '198.18.0.0/15',
  '240.0.0.0/4',
  'fc00::/7',
]);

/**
 * Whether an address may be one of the cluster's own: a private one, or one near an address that is.
 * @param own addresses known to be in the cluster, those of the pod and its node
 */
export function mayBeInCluster(address: string, own: readonly string[]): boolean {
  if (isIn(OFTEN_IN_CLUSTERS, address)) return true;
  const near = isIPv4(address) ? 16 : 32;
  const around = (other: string) => normalCidr(`${other}/${near}`);
  return own.some((other) => around(other) !== undefined && around(other) === around(address));
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix = ''] = range.split('/');
    list.addSubnet(address, Number(prefix), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return list;
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}
