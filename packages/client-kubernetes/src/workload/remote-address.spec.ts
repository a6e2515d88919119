import { falcoEvent, HOSTILE_VALUES } from '@falco-talon/testkit';
import { describe, expect, it } from 'vitest';
import { addressOfEvent, canonicalAddress, hostRange, mayBeInCluster } from './remote-address.ts';

const addressOf = (fields: Readonly<Record<string, unknown>>) => addressOfEvent(falcoEvent({ fields }));
function errorOf(fields: Readonly<Record<string, unknown>>) {
  try {
    return addressOf(fields);
  } catch (error) {
    return error;
  }
}

describe('the remote address of an alert', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7', '203.0.113.7/32'],
    ['2001:DB8:0:0::1', '2001:db8::1', '2001:db8::1/128'],
    ['::ffff:203.0.113.7', '203.0.113.7', '203.0.113.7/32'],
    ['::ffff:cb00:7107', '203.0.113.7', '203.0.113.7/32'],
    ['169.254.169.254', '169.254.169.254', '169.254.169.254/32'],
  ])('%s is %s', (text, address, range) => {
    expect(addressOf({ 'fd.rip': text })).toBe(address);
    expect(hostRange(address)).toBe(range);
  });

  it('is fd.rip, else fd.sip', () => {
    expect(addressOf({ 'fd.rip': '203.0.113.7', 'fd.sip': '203.0.113.8' })).toBe('203.0.113.7');
    expect(addressOf({ 'fd.rip': null, 'fd.sip': '203.0.113.8' })).toBe('203.0.113.8');
    expect(errorOf({})).toMatchObject({ code: 'missing_field' });
  });

  it.each([
    ['0.0.0.0', 'the unspecified address'],
    ['::', 'the unspecified address'],
    ['127.0.0.53', 'a loopback address'],
    ['::1', 'a loopback address'],
    ['::ffff:127.0.0.1', 'a loopback address'],
    ['224.0.0.251', 'a multicast address'],
    ['ff02::fb', 'a multicast address'],
    ['255.255.255.255', 'the broadcast address'],
    ['fe80::1', 'an address of the link'],
    ['fe80::1%eth0', 'no IP address that can be denied'],
    ['010.0.0.1', 'no IP address that can be denied'],
    ['203.0.113.7/32', 'no IP address that can be denied'],
    ['203.0.113.7 ', 'no IP address that can be denied'],
    ['example.com', 'no IP address that can be denied'],
  ])('%s is refused: %s', (text, why) => {
    const error = errorOf({ 'fd.rip': text });
    expect(error).toMatchObject({ code: 'invalid_value' });
    expect(String(error)).toContain(why);
  });

  it.each(HOSTILE_VALUES.map((value) => [value]))('is never %j', (value) => {
    expect(['invalid_value', 'missing_field']).toContain((errorOf({ 'fd.rip': value }) as { code?: string }).code);
  });

  it('has one spelling', () => {
    for (const text of ['2001:db8::1', '2001:0db8::0001', '2001:DB8:0:0:0:0:0:1']) {
      expect(canonicalAddress(text)).toBe('2001:db8::1');
    }
  });
});

describe('an address that may be in the cluster', () => {
  const own = ['10.244.0.51', '2600:1f18:5f::10', '203.0.113.200'];
  it.each([
    ['10.1.2.3', true],
    ['172.31.0.1', true],
    ['172.32.0.1', false],
    ['100.64.0.1', true],
    ['240.0.0.1', true],
    ['fd00::1', true],
    ['198.51.100.1', false],
    ['203.1.113.1', false],
    ['203.0.1.1', true],
    ['2001:db8::1', false],
    ['2600:1f18:77::1', true],
  ])('%s: %s', (address, may) => {
    expect(mayBeInCluster(address, own)).toBe(may);
  });
});
