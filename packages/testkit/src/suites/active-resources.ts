import { setTimeout as delay } from 'node:timers/promises';

/** How many sockets, timers, files, … of each kind keep this process busy. */
export function activeResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** What there is more of than before. Sockets take a moment to close, so it looks again for up to a second. */
export async function grownResources(before: ReadonlyMap<string, number>): Promise<Readonly<Record<string, number>>> {
  for (let look = 0; ; look++) {
    const grown = [...activeResources()]
      .map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const)
      .filter(([kind, more]) => more > 0 && !PASSING.has(kind));
    if (grown.length === 0 || look === 50) return Object.fromEntries(grown);
    await delay(20);
  }
}

/** Ours while we look, and callbacks that end by themselves within the current turn. */
const PASSING = new Set(['Immediate', 'TickObject', 'Microtask']);
