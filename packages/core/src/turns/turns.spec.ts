import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTurns, type Turn } from './turns.ts';

const turn = (seq: number, key = 'a', due = 0): Turn => ({ seq, key, due });
const seqs = (taken: readonly Turn[]) => taken.map(({ seq }) => seq);

describe('turns', () => {
  it('gives the oldest first, up to the limit', () => {
    const line = createTurns();
    for (const seq of [3, 1, 2]) line.add(turn(seq, `k${seq}`));
    expect(seqs(line.take(2, 1, 0))).toEqual([1, 2]);
    expect(seqs(line.take(2, 1, 0))).toEqual([3]);
    expect(line.size()).toBe(0);
  });

  it('passes over keys that are busy, and comes back to them in order', () => {
    const line = createTurns();
    for (const seq of [1, 2, 3]) line.add(turn(seq));
    line.add(turn(4, 'b'));
    expect(seqs(line.take(10, 1, 0))).toEqual([1, 4]);
    expect(line.take(10, 1, 0)).toEqual([]);
    expect(line.size()).toBe(2);
    line.release('a');
    expect(seqs(line.take(10, 1, 0))).toEqual([2]);
    line.release('a');
    expect(seqs(line.take(10, 1, 0))).toEqual([3]);
  });

  it('gives nothing before it is due, and says when that is', () => {
    const line = createTurns();
    line.add(turn(1, 'a', 50));
    line.add(turn(2, 'b', 30));
    expect(line.take(10, 1, 29)).toEqual([]);
    expect(line.nextDue()).toBe(30);
    expect(seqs(line.take(10, 1, 30))).toEqual([2]);
    expect(line.nextDue()).toBe(50);
  });

  it('follows a new perKey', () => {
    const line = createTurns();
    for (const seq of [1, 2, 3]) line.add(turn(seq));
    expect(seqs(line.take(10, 1, 0))).toEqual([1]);
    expect(seqs(line.take(10, 3, 0))).toEqual([2, 3]);
  });

  it('forgets what waits, not what runs', () => {
    const line = createTurns();
    for (const seq of [1, 2]) line.add(turn(seq));
    line.take(1, 1, 0);
    line.clear();
    expect(line.size()).toBe(0);
    line.add(turn(3));
    expect(line.take(10, 1, 0)).toEqual([]);
    line.release('a');
    expect(seqs(line.take(10, 1, 0))).toEqual([3]);
  });

  it('lets a turn be claimed only when none waits and its key has room', () => {
    const line = createTurns();
    expect([line.claim('a', 2), line.claim('a', 2), line.claim('a', 2), line.claim('b', 2)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    line.release('a');
    line.add(turn(1, 'c', 5));
    expect(line.claim('a', 2)).toBe(false);
    expect(seqs(line.take(1, 2, 5))).toEqual([1]);
    expect(line.claim('a', 2)).toBe(true);
    line.add(turn(2, 'a'));
    expect(line.take(1, 2, 0)).toEqual([]);
    line.release('a');
    expect(seqs(line.take(1, 2, 0))).toEqual([2]);
  });

  it('does what a plain list does', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c'), delay: fc.nat(3) }),
      fc.record({ do: fc.constant('take' as const), limit: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant('release' as const), key: fc.constantFrom('a', 'b', 'c'), back: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (steps, perKey) => {
        const line = createTurns();
        let list: Turn[] = [];
        const running: Turn[] = [];
        const busy = (key: string) => running.filter((one) => one.key === key).length;
        /** What the line must give next, by going through all that waits. */
        function next(limit: number, now: number): Turn[] {
          const given: Turn[] = [];
          for (const one of list.toSorted((a, b) => a.seq - b.seq)) {
            if (given.length === limit || one.due > now || busy(one.key) >= perKey) continue;
            given.push(one);
            running.push(one);
          }
          list = list.filter((left) => !given.includes(left));
          return given;
        }
        function add(one: Turn): void {
          line.add(one);
          list.push(one);
        }
        function release(key: string, back: boolean): void {
          const index = running.findIndex((one) => one.key === key);
          const [ended] = index === -1 ? [] : running.splice(index, 1);
          if (!ended) return;
          if (back) add(ended);
          line.release(key);
        }
        steps.forEach((one, now) => {
          if (one.do === 'add') add(turn(now, one.key, now + one.delay));
          if (one.do === 'release') release(one.key, one.back);
          const limit = one.do === 'take' ? one.limit : 0;
          expect(line.take(limit, perKey, now)).toEqual(next(limit, now));
          expect(line.size()).toBe(list.length);
        });
      }),
      { numRuns: 500 },
    );
  });
});
