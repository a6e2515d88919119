import { describe, expect, it } from 'vitest';
import { UnseenTerminations } from './unseen-terminations.ts';

const NOW = 1000;
const reading = (resource_version: string, read_at = 0) => ({ uid: 'owner', resource_version, read_at });

describe('terminations a ready count cannot know of', () => {
  it('are those of other pods by the same reading', () => {
    const unseen = new UnseenTerminations();
    unseen.add(reading('7'), 'a', 5);
    unseen.add(reading('7'), 'a', 6);
    expect(unseen.others(reading('7', 100), 'b', NOW)).toBe(1);
    expect(unseen.others(reading('7', 100), 'a', NOW)).toBe(0);
    expect(unseen.others({ ...reading('7', 100), uid: 'another' }, 'b', NOW)).toBe(0);
  });

  it('are known to a later reading once the owner changed', () => {
    const unseen = new UnseenTerminations();
    unseen.add(reading('7', 1), 'a', 5);
    expect(unseen.others(reading('8', 6), 'b', NOW)).toBe(0);
  });

  it('include those that came after an older reading, whatever newer ones knew', () => {
    const unseen = new UnseenTerminations();
    unseen.add(reading('7', 1), 'a', 5);
    unseen.add(reading('8', 6), 'b', 8);
    expect(unseen.others(reading('6', 4), 'c', NOW)).toBe(2);
    expect(unseen.others(reading('7', 4), 'c', NOW)).toBe(2);
  });

  it('do not include those of before the clock was set back, as far as only their time speaks for them', () => {
    const unseen = new UnseenTerminations();
    unseen.add(reading('7', 86_400_000), 'a', 86_400_005);
    expect(unseen.others(reading('8', 500), 'b', NOW)).toBe(0);
    expect(unseen.others(reading('7', 500), 'b', NOW)).toBe(1);
  });

  it('do not include what failed', () => {
    const unseen = new UnseenTerminations();
    unseen.add(reading('7'), 'a', 5);
    unseen.add(reading('7'), 'b', 5);
    unseen.remove(reading('7'), 'a');
    expect(unseen.others(reading('7'), 'c', NOW)).toBe(1);
  });

  it('are forgotten for the owners longest unused', () => {
    const unseen = new UnseenTerminations();
    for (let owner = 0; owner < 1001; owner++) unseen.add({ ...reading('7'), uid: `owner-${owner}` }, 'a', 5);
    expect(unseen.others({ ...reading('7'), uid: 'owner-0' }, 'b', NOW)).toBe(0);
    expect(unseen.others({ ...reading('7'), uid: 'owner-1' }, 'b', NOW)).toBe(1);
  });

  it('are bounded for one owner', () => {
    const unseen = new UnseenTerminations();
    for (let pod = 0; pod < 550; pod++) unseen.add(reading('7'), `pod-${pod}`, 5);
    expect(unseen.others(reading('7'), 'other', NOW)).toBe(500);
  });
});
