import { errorText, TalonError, type Delivery, type Entry, type Message, type Settlement } from '@falco-talon/core';

export interface StoredMessage {
  readonly seq: number;
  readonly message: Message;
  attempt: number;
  /** Entries as JSON, as other queues store them: a handler cannot change what was appended. */
  readonly journal: string[];
}

export function memoryDelivery(
  stored: StoredMessage,
  isClosed: () => boolean,
  onSettled: (end: Settlement) => void,
): Delivery {
  const { message, attempt } = stored;
  let settled = false;

  function refuseUnlessOpen(): void {
    if (isClosed()) throw new TalonError('queue_failed', 'The queue is closed.');
    if (settled) throw new TalonError('queue_failed', `The delivery of message ${message.id} was settled already.`);
  }

  return {
    message,
    attempt,
    journal: stored.journal.map((entry) => JSON.parse(entry) as Entry),
    async append(entries) {
      refuseUnlessOpen();
      stored.journal.push(...entries.map(storableEntry));
    },
    keepAlive: () => {},
    async settle(end) {
      refuseUnlessOpen();
      settled = true;
      onSettled(end);
    },
  };
}

export function storableEntry({ step, kind, data }: Entry): string {
  try {
    return JSON.stringify({ step, kind, data: data ?? null });
  } catch (error) {
    throw new TalonError('queue_failed', `A journal entry cannot be stored as JSON: ${errorText(error)}`, {
      cause: error,
    });
  }
}
