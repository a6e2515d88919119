import { describe, expect, it } from 'vitest';
import { testServer } from '../server/testing-server.ts';
import { createSenderRate } from './rate.ts';
import { createSenders, plainAddress, rangeProblem } from './senders.ts';
import { createSignatureChecker, parseSignature, sign } from './signature.ts';

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
  const nonce = (n: number) => `nonce-of-${String(n).padStart(16, '0')}`;
  const signed = (time: number, n: number) =>
    ({ time, nonce: nonce(n), digest: sign('key', time, nonce(n), Buffer.from('x')) }) as const;

  it('are refused rather than forgotten when too many are young, and forgotten when they are old', () => {
    let now = 1_000_000;
    const checker = createSignatureChecker({ tolerance: 1000, capacity: 2, now: () => now });
    const check = (n: number, time = now / 1000) => checker.check(signed(time, n), Buffer.from('x'), ['key']);
    expect([check(1), check(2), check(3), check(1)]).toEqual([undefined, undefined, 'crowded', 'replayed']);
    now += 2001;
    expect(check(3)).toBeUndefined();
    expect(check(1, 1000)).toBe('expired');
  });

  it('that are wrong use up no nonce', () => {
    const checker = createSignatureChecker({ tolerance: 1000, capacity: 2, now: () => 0 });
    expect(checker.check(signed(0, 1), Buffer.from('y'), ['key'])).toBe('wrong');
    expect(checker.check(signed(0, 1), Buffer.from('x'), [])).toBe('wrong');
    expect(checker.check(signed(0, 1), Buffer.from('x'), ['other', 'key'])).toBeUndefined();
  });

  it.each([
    '',
    't=1',
    't=-1,nonce=0123456789abcdef,v1=00',
    `t=1,nonce=short,v1=${'0'.repeat(64)}`,
    `t=1,nonce=0123456789abcdef,v1=${'0'.repeat(64)},v1=x`,
  ])('are not read from %j', (header) => expect(parseSignature(header)).toBeUndefined());
});
