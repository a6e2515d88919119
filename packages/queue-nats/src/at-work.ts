import { createTenure, type Tenure } from '@falco-talon/core';
import type { Item } from './backlog.ts';

/** A message from its turn in line until nothing of it runs here any more: it is settled, and its handler has returned. */
export interface Work {
  readonly item: Item;
  readonly tenure: Tenure;
  /** Another replica may handle it. */
  interrupt(): void;
}

/** What this replica is at work on. */
export interface AtWork {
  begin(item: Item): Work;
  end(work: Work): void;
  isIdle(partition: number): boolean;
  readonly isEmpty: () => boolean;
  /** Another replica may handle all of it. Answers how many that concerns. */
  interrupt(): number;
  /** The partition is another replica's: what still runs of it is that one's business no more than this one's. */
  lose(partition: number): void;
}

/** @param holds whether the lease of this replica runs and the partition is its own */
export function createAtWork(holds: (partition: number) => boolean): AtWork {
  const works = new Map<number, Set<Work>>();

  return {
    begin(item) {
      const { partition } = item;
      const { tenure, end } = createTenure(() => holds(partition));
      const work = { item, tenure, interrupt: end };
      works.set(partition, (works.get(partition) ?? new Set<Work>()).add(work));
      return work;
    },
    end(work) {
      const { partition } = work.item;
      const left = works.get(partition);
      left?.delete(work);
      if (left?.size === 0) works.delete(partition);
    },
    isIdle: (partition) => !works.has(partition),
    isEmpty: () => works.size === 0,
    interrupt() {
      const running = [...works.values()].flatMap((some) => [...some]).filter(({ tenure }) => !tenure.signal.aborted);
      for (const work of running) work.interrupt();
      return running.length;
    },
    lose(partition) {
      for (const work of works.get(partition) ?? []) work.interrupt();
      works.delete(partition);
    },
  };
}
