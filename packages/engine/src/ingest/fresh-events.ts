import type { FalcoEvent } from '@falco-talon/core';

/** Alerts that were decoded a moment ago and are about to come back from the queue: what was just read is not read again. */
export interface FreshEvents {
  keep(event: FalcoEvent): void;
  /** Once: who asks again, or asks for one that was pushed out by later ones, decodes. */
  take(id: string): FalcoEvent | undefined;
}

export function createFreshEvents(most: number): FreshEvents {
  const events = new Map<string, FalcoEvent>();
  return {
    keep(event) {
      if (events.size >= most) {
        const [oldest] = events.keys();
        if (oldest !== undefined) events.delete(oldest);
      }
      events.set(event.id, event);
    },
    take(id) {
      const event = events.get(id);
      if (event) events.delete(id);
      return event;
    },
  };
}
