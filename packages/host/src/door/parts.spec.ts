import { describe, expect, it } from 'vitest';
import { testServer } from '../server/testing-server.ts';
import { createSenderRate } from './rate.ts';
import { isLoopback } from './door-problems.ts';
import { createSenders, isEverybody, networkOf, plainAddress, rangeProblem } from './senders.ts';
import { isSignedBody, parseSignature, signatureHeader, signatureProblem } from './signature.ts';

describe('ranges of addresses', () => {
  it.each([
    [['10.0.0.0/8'], '10.255.0.1', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['10.0.0.0/8'], plainAddress('::ffff:10.1.2.3'), true],
    [['192.0.2.7'], '192.0.2.7', true],
    [['fd00::/8', '10.0.0.0/8'], 'fd12::1', true],
    [['fd00::/8'], plainAddress('fe80::1%eth0'), false],
    [['fe80::/10'], plainAddress('fe80::1%eth0'), true],
    [['0.0.0.0/0'], '', false],
    [[], 'anything', true],
  ] as const)('%j has %s: %s', (ranges, address, has) => {
    expect(createSenders(ranges).has(address)).toBe(has);
  });

  it.each(['10.0.0.0/33', 'fd00::/129', 'host', '10.0.0/8', '10.0.0.0/', '10.0.0.0/8x', '10.0.0.0/8/9', ''])(
    '%j is none',
    (range) => {
      expect(rangeProblem(range)).toContain(`${JSON.stringify(range)} is no address range`);
    },
  );
  it('that are none keep the server from starting', async () => {
    const starting = testServer({}, {}, undefined, { auth: { allowed_senders: ['::1', '10.0.0.0/33'] } });
    await expect(starting).rejects.toThrow('intake.auth.allowed_senders: "10.0.0.0/33" is no address range');
  });
  it.each(['10.0.0.0/8', '10.1.2.3', '::1', 'fd00::/8', '0.0.0.0/0'])('%j is one', (range) => {
    expect(rangeProblem(range)).toBeUndefined();
  });
});

describe('the network of an address', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::3:4:5:6', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['', ''],
  ])('of %s is %s', (address, network) => expect(networkOf(address)).toBe(network));
});

it('ranges that leave nobody out are no restriction', () => {
  expect([[], ['0.0.0.0/0'], ['10.0.0.0/8', '::/0'], ['0.0.0.0/00']].map(isEverybody)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([['0.0.0.0'], ['10.0.0.0/8', '::1']].map(isEverybody)).toEqual([false, false]);
});

describe('the rate of a sender', () => {
  it('is its own, and comes back with time', () => {
    let now = 0;
    const rate = createSenderRate({ rate: 10, burst: 2, capacity: 100, now: () => now });
    expect([rate.wait('a'), rate.wait('a'), rate.wait('a')]).toEqual([0, 0, 0.1]);
    expect(rate.wait('b')).toBe(0);
    now = 100;
    expect([rate.wait('a'), rate.wait('a')]).toEqual([0, 0.1]);
    now = 1e9;
    expect([rate.wait('a'), rate.wait('a'), rate.wait('a') > 0]).toEqual([0, 0, true]);
  });

  it('is kept for so many senders, the quietest forgotten first', () => {
    const rate = createSenderRate({ rate: 1, burst: 1, capacity: 2, now: () => 0 });
    rate.wait('a');
    rate.wait('b');
    rate.wait('a');
    rate.wait('c');
    expect(rate.wait('a')).toBeGreaterThan(0);
    expect(rate.wait('b')).toBe(0);
  });
});

describe('signatures', () => {
  const body = Buffer.from('x');
  const signed = (time: number) => parseSignature(signatureHeader('key', time, 'nonce-of-16-chars', body))!;

  it('are judged by time and key, whichever of the keys it was', () => {
    expect(signatureProblem(signed(1000), ['other', 'key'], 1000, 1_000_999)).toBeUndefined();
    expect(signatureProblem(signed(1000), ['key'], 1000, 1_001_001)).toBe('expired');
    expect(signatureProblem(signed(1000), ['key'], 1000, 998_999)).toBe('expired');
    expect(signatureProblem(signed(1000), ['other'], 1000, 1_000_000)).toBe('wrong');
    expect(signatureProblem({ ...signed(1000), time: 1001 }, ['key'], 2000, 1_000_000)).toBe('wrong');
    expect(signatureProblem({ ...signed(1000), nonce: 'another-of-16-char' }, ['key'], 1000, 1_000_000)).toBe('wrong');
    expect(signatureProblem({ ...signed(1000), body: Buffer.alloc(32) }, ['key'], 1000, 1_000_000)).toBe('wrong');
    expect(signatureProblem(signed(1000), [], 1000, 1_000_000)).toBe('wrong');
  });

  it('are for one body', () => {
    expect(isSignedBody(signed(1), body)).toBe(true);
    expect(isSignedBody(signed(1), Buffer.from('y'))).toBe(false);
  });

  const zeros = '0'.repeat(64);
  it.each([
    '',
    't=1',
    `t=-1,nonce=0123456789abcdef,sha256=${zeros},v1=${zeros}`,
    `t=1,nonce=short,sha256=${zeros},v1=${zeros}`,
    `t=1,nonce=0123456789abcdef,v1=${zeros}`,
    `t=1,nonce=0123456789abcdef,sha256=${zeros},v1=${zeros},v1=x`,
    `t=1,nonce=0123456789abcdef,sha256=${zeros},v1=${zeros.toUpperCase().replace('0', 'A')}`,
  ])('are not read from %j', (header) => expect(parseSignature(header)).toBeUndefined());
});

describe('loopback', () => {
  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    'localhost',
    'LOCALHOST',
  ])('%s is', async (address) => expect(await isLoopback(address)).toBe(true));
  it.each([
    '0.0.0.0',
    '::',
    '::ffff:0.0.0.0',
    '128.0.0.1',
    '10.0.0.1',
    '::2',
    'fe80::1%lo',
    '',
    'no-such-name.invalid',
  ])('%s is not', async (address) => expect(await isLoopback(address)).toBe(false));
});
