import { describe, expect, it } from 'vitest';
import { createLanes } from './lanes.ts';

/** Which of the tickets have reached the head of their lane. */
async function atHead(tickets: readonly { readonly head: Promise<void> }[]): Promise<boolean[]> {
  const reached = tickets.map(() => false);
  tickets.forEach(({ head }, index) => void head.then(() => (reached[index] = true)));
  await new Promise((resolve) => setImmediate(resolve));
  return reached;
}

describe('createLanes', () => {
  it('lets one at a time through, in order of entry', async () => {
    const lanes = createLanes();
    const [a, b, c] = lanes.enter(['x', 'x', 'x']);
    expect(await atHead([a!, b!, c!])).toEqual([true, false, false]);
    a!.leave();
    expect(await atHead([b!, c!])).toEqual([true, false]);
    b!.leave();
    expect(await atHead([c!])).toEqual([true]);
  });

  it('keeps lanes apart, and a step without a target in none', async () => {
    const lanes = createLanes();
    expect(await atHead(lanes.enter(['x', 'y', undefined, undefined]))).toEqual([true, true, true, true]);
  });

  it('lets places be given up in the middle, twice, or after the lane is gone', async () => {
    const lanes = createLanes();
    const [a, b, c] = lanes.enter(['x', 'x', 'x']);
    b!.leave();
    b!.leave();
    expect(await atHead([c!])).toEqual([false]);
    a!.leave();
    a!.leave();
    expect(await atHead([c!])).toEqual([true]);
    c!.leave();
    const [d] = lanes.enter(['x']);
    c!.leave();
    expect(await atHead([d!])).toEqual([true]);
  });

  it('forgets a lane nobody is in', () => {
    const lanes = createLanes();
    const tickets = lanes.enter(['x', 'y', 'x', undefined]);
    expect(lanes.size).toBe(2);
    for (const ticket of tickets.toReversed()) ticket.leave();
    expect(lanes.size).toBe(0);
  });
});
