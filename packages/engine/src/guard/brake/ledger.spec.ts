import { describe, expect, it } from 'vitest';
import { ALL_KEYS, createLedger, type Engaged } from './ledger.ts';
import { BUDGET } from './testing-brake.ts';

const act = (at: number) => ({ at, step: `step ${at}` });
const on = (until: number): Engaged => ({
  until,
  label: 'cart',
  notifiers: [],
  rule: 'Shell',
  event: 'A shell',
  traceId: '0af7',
  observed: 0,
  told: true,
});

describe('what a budget remembers', () => {
  it('is bounded: what it cannot tell apart any more is too much, and nothing live is forgotten for it', () => {
    const ledger = createLedger({ ...BUDGET, window: 1000 }, 10);
    for (let n = 0; n < 5; n++) ledger.count(`key ${n}`, act(n));
    expect(ledger.exhausted('key 5', 500)).toBe(ALL_KEYS);
    expect(ledger.entries(500)).toHaveLength(5);
    expect(ledger.exhausted('key 5', 2000)).toBeUndefined();
    expect(ledger.entries(2000)).toEqual([]);
  });

  it('with the brake of all keys engaged every key is under it', () => {
    const ledger = createLedger(BUDGET, 10);
    ledger.engage(ALL_KEYS, on(100));
    expect(ledger.engaged('any')).toMatchObject({ until: 100 });
    expect(ledger.release(100)).toHaveLength(1);
    expect(ledger.engaged('any')).toBeUndefined();
  });

  it('keeps an engaged brake although its actions have left the window', () => {
    const ledger = createLedger({ ...BUDGET, window: 10 }, 10);
    ledger.count('cart', act(0));
    ledger.engage('cart', on(100));
    expect(ledger.exhausted('cart', 50)).toBeUndefined();
    expect(ledger.engaged('cart')).toBeDefined();
    expect([ledger.nextRelease(), ledger.engagedCount()]).toEqual([100, 1]);
    expect(ledger.release(99)).toEqual([]);
    expect(ledger.release(100)).toEqual([{ ...on(100), key: 'cart' }]);
    expect([ledger.nextRelease(), ledger.engagedCount()]).toEqual([undefined, 0]);
  });

  it('counts a key once that was written twice', () => {
    const ledger = createLedger({ ...BUDGET, window: 1000 }, 10);
    const acts = Array.from({ length: 9 }, (_, n) => act(n));
    for (let n = 0; n < 3; n++) ledger.restore('cart', { acts: [...acts] });
    expect(ledger.exhausted('other', 500)).toBe(ALL_KEYS);
    expect(ledger.exhausted('other', 5000)).toBeUndefined();
  });
});
