import { BlockList, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalCidr } from './cidr.ts';

describe('address ranges', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.168.1.255/25', '192.168.1.128/25'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['1.2.3.4', '1.2.3.4/32'],
    ['1.2.3.4/32', '1.2.3.4/32'],
    ['2001:DB8::1/32', '2001:db8::/32'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1/128'],
    ['::/0', '::/0'],
    ['::1', '::1/128'],
    ['fe80::1:ffff/113', 'fe80::1:8000/113'],
    ['64:ff9b::192.0.2.33/96', '64:ff9b::/96'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221/128'],
  ])('%s is %s', (text, normal) => {
    expect(normalCidr(text)).toBe(normal);
  });

  it.each([
    '',
    '/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '010.0.0.0/8',
    '10.0.0.0 /8',
    '::/129',
    'fe80::1%eth0',
    '::ffff:10.0.0.0/104',
    '::ffff:a00:1',
    'example.com',
    '1.2.3.4/255.0.0.0',
  ])('refuses %j', (text) => {
    expect(normalCidr(text)).toBeUndefined();
  });

  it.each([
    ['ipv4', fc.ipV4(), 32],
    ['ipv6', fc.ipV6(), 128],
  ] as const)('keeps %s addresses inside, and has one spelling for each range', (family, addresses, bits) => {
    fc.assert(
      fc.property(addresses, fc.integer({ min: 0, max: bits }), (address, prefix) => {
        fc.pre(!(isIPv6(address) && isMappedIpv4(address)));
        const normal = normalCidr(`${address}/${prefix}`) ?? '';
        const [network = '', length] = normal.split('/');
        expect(Number(length)).toBe(prefix);
        const range = new BlockList();
        range.addSubnet(network, prefix, family);
        expect(range.check(address, family)).toBe(true);
        expect(normalCidr(normal)).toBe(normal);
      }),
    );
  });
});

function isMappedIpv4(address: string): boolean {
  const mapped = new BlockList();
  mapped.addSubnet('::ffff:0:0', 96, 'ipv6');
  return mapped.check(address, 'ipv6');
}
