import { BlockList, isIP } from 'node:net';

/** IPv4 in IPv6 is IPv4: a server that listens on `::` sees every IPv4 sender so. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  const inside = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return inside ?? address.replace(/%.*$/, '');
}

/** Whose address it is: a network of IPv6 has 2^64 of them, and each host of it takes as many as it likes. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** True for ranges that leave nobody out, which is no restriction, however it is written. */
export function isEverybody(ranges: readonly string[]): boolean {
  return ranges.length === 0 || ranges.some((range) => Number(range.split('/')[1] ?? 128) === 0);
}

/** What is wrong with a range of addresses, if anything. */
export function rangeProblem(range: string): string | undefined {
  const [address = '', length, ...more] = range.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  const isRange =
    more.length === 0 &&
    isIP(address) > 0 &&
    (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits));
  return isRange ? undefined : `${JSON.stringify(range)} is no address range; write it as 10.0.0.0/8 or fd00::/8`;
}

export interface Senders {
  has(address: string): boolean;
}

/** Addresses in any of these ranges; all when there is none. */
export function createSenders(ranges: readonly string[]): Senders {
  if (ranges.length === 0) return { has: () => true };
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', length] = range.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (length === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(length), family);
  }
  return { has: (address) => isIP(address) > 0 && list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6') };
}
