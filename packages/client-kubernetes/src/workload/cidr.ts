import { isIPv4, isIPv6 } from 'node:net';

/**
 * An address range as the API server wants it: the network's own address, one spelling for each range. A bare address
 * becomes the range of itself (/32, /128). Undefined when the text is none; an IPv4 range in IPv6 dress
 * (`::ffff:10.0.0.0/104`) counts as none, because network plugins disagree on it.
 */
export function normalCidr(text: string): string | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const bits = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : undefined;
  if (bits === undefined) return undefined;
  const prefix = slash === -1 ? bits : prefixLength(text.slice(slash + 1), bits);
  if (prefix === undefined) return undefined;
  const value = bits === 32 ? ipv4Value(address) : ipv6Value(address);
  if (bits === 128 && value >> 32n === 0xffffn) return undefined;
  const host = BigInt(bits - prefix);
  const network = (value >> host) << host;
  return `${bits === 32 ? ipv4Text(network) : ipv6Text(network)}/${prefix}`;
}

function prefixLength(text: string, bits: number): number | undefined {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= bits ? Number(text) : undefined;
}

function ipv4Value(address: string): bigint {
  return address.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
}

function ipv6Value(address: string): bigint {
  const dotted = address.slice(address.lastIndexOf(':') + 1);
  const last = isIPv4(dotted) ? ipv4Value(dotted) : undefined;
  const hex =
    last === undefined
      ? address
      : `${address.slice(0, -dotted.length)}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}`;
  const [head = '', tail] = hex.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back];
  return groups.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n);
}

/** The URL parser writes IPv6 addresses in their canonical form (RFC 5952). */
function ipv6Text(value: bigint): string {
  const digits = value.toString(16).padStart(32, '0');
  const groups = digits.match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
