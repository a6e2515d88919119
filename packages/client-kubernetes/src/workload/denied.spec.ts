import { describe, expect, it } from 'vitest';
import { MOST_DENIED, withDenied } from './denied.ts';
import { sameContent } from './same-content.ts';

describe('what a policy denies', () => {
  it('grows by one address, each once, in its canonical form, the older first', () => {
    const denied = withDenied(['2001:DB8::1/128', '192.0.2.2', '2001:db8::1/128'], '192.0.2.9/32', 'p');
    expect(denied).toEqual(['2001:db8::1/128', '192.0.2.2/32', '192.0.2.9/32']);
    expect(withDenied(denied, '192.0.2.2/32', 'p')).toEqual(denied);
  });

  it('keeps what it does not understand', () => {
    expect(withDenied(['somewhere'], '192.0.2.9/32', 'p')).toEqual(['somewhere', '192.0.2.9/32']);
  });

  it('is bounded: no older address makes room', () => {
    const full = Array.from({ length: MOST_DENIED }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`);
    expect(withDenied(full, '10.0.0.7/32', 'p')).toHaveLength(MOST_DENIED);
    expect(() => withDenied(full, '192.0.2.9/32', 'falco-talon-pod-cart')).toThrow(
      'the policy falco-talon-pod-cart denies 1000 addresses already, so 192.0.2.9/32 is not added',
    );
  });
});

describe('a stored value', () => {
  const rule = { action: 'Deny', destination: { nets: ['192.0.2.1/32'] } };
  it.each([
    [true, { ...rule, source: {} }, rule],
    [true, { ...rule, destination: { ...rule.destination, ports: [], selector: '' } }, rule],
    [false, { ...rule, protocol: 'TCP' }, rule],
    [false, { ...rule, destination: { nets: ['192.0.2.1/32', '192.0.2.2/32'] } }, rule],
    [false, { action: 'Deny' }, rule],
    [false, [rule, rule], [rule]],
    [false, [], {}],
    [false, { order: 1 }, { order: '1' }],
    [false, undefined, rule],
  ])('%s: %j says what %j says', (same, stored, wanted) => {
    expect(sameContent(stored, wanted)).toBe(same);
  });
});
