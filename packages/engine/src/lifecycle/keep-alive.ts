import type { Delivery } from '@falco-talon/core';

/** A queue with leases gives a message to somebody else when it hears nothing for some multiple of this. */
const INTERVAL = 5_000;

export interface KeepAlive {
  /** The same delivery, kept alive until it is settled. */
  watch(delivery: Delivery): Delivery;
  /** Its handler failed: the queue may give it to somebody else. */
  drop(delivery: Delivery): void;
  close(): void;
}

/** A queue that fails here costs this delivery its lease, not the process. */
function touch(delivery: Delivery): void {
  (async () => delivery.keepAlive())().catch(() => {});
}

export function keepAlive(): KeepAlive {
  const open = new Set<Delivery>();
  const timer = setInterval(() => {
    for (const delivery of open) touch(delivery);
  }, INTERVAL);
  timer.unref();
  return {
    watch(delivery) {
      open.add(delivery);
      return {
        message: delivery.message,
        attempt: delivery.attempt,
        journal: delivery.journal,
        ...(delivery.tenure && { tenure: delivery.tenure }),
        append: (entries) => delivery.append(entries),
        keepAlive: () => delivery.keepAlive(),
        settle(end) {
          open.delete(delivery);
          return delivery.settle(end);
        },
      };
    },
    drop: (delivery) => void open.delete(delivery),
    close: () => clearInterval(timer),
  };
}
