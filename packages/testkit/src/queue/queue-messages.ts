import type { Delivery, Message, Queue } from '@falco-talon/core';

export function queueMessage(id: string, changes: Partial<Message> = {}): Message {
  return { id, kind: 'event', key: 'a', headers: { id }, body: new TextEncoder().encode(`body of ${id}`), ...changes };
}

/** The first `count` deliveries, one after the other; unless `handler` settles them, they are done. */
export async function drainQueue(
  queue: Queue,
  count: number,
  handler: (delivery: Delivery) => Promise<void> = (delivery) => delivery.settle({ kind: 'done' }),
): Promise<Delivery[]> {
  const found: Delivery[] = [];
  const abort = new AbortController();
  if (count === 0) abort.abort();
  await queue.consume(
    async (delivery) => {
      found.push(delivery);
      await handler(delivery);
      if (found.length >= count) abort.abort();
    },
    { inFlight: 1, perKey: 1, signal: abort.signal },
  );
  return found;
}
