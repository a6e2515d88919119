import type { Delivery } from '@falco-talon/core';
import { eventOf } from '../ingest/ingest.ts';
import { deduplicationKey } from '../ingest/identity.ts';
import type { ProcessDeps } from '../lifecycle/case.ts';
import { processEvent } from '../lifecycle/process-event.ts';
import { postpone } from '../lifecycle/settle.ts';
import { hopsOf } from './handover-body.ts';
import type { Leadership } from './leadership.ts';
import type { OwnMessages } from './own-messages.ts';

const LEFT = 'this replica does not lead any more';
const STOPPED = 'Falco Talon stopped';

export interface RouteDeps {
  readonly leadership: Leadership;
  readonly handOver: (delivery: Delivery) => Promise<'handed' | 'lead' | 'stopped'>;
  readonly mine: OwnMessages;
  readonly process: ProcessDeps;
}

/**
 * What becomes of a delivery where several replicas choose a leader: the leader acts, the others hand over. The messages of one
 * key are decided on one after the other, so that they reach the leader in order.
 */
export function createRoute(deps: RouteDeps): (delivery: Delivery) => Promise<void> {
  const { leadership, mine } = deps;
  const tails = new Map<string, Promise<void>>();

  /** Synchronous up to the lanes, as `processEvent` is. */
  async function act(delivery: Delivery): Promise<void> {
    const term = leadership.current();
    if (!term) return postpone(delivery, LEFT, deps.process, []);
    const { message } = delivery;
    if (!mine.begin(message.id, hopsOf(message)) || isRepeated(delivery)) return delivery.settle({ kind: 'done' });
    // What is interrupted is put off: it is handed over with its journal.
    return processEvent({ ...delivery, tenure: term.tenure }, deps.process);
  }

  /** Alerts sent to two replicas meet here. One whose work has begun is no repetition of another. */
  function isRepeated({ message, journal, attempt }: Delivery): boolean {
    const { settings, observer } = deps.process;
    const window = settings.deduplicationWindow;
    if (window === 0 || attempt > 1 || journal.length > 0) return false;
    try {
      const event = eventOf(message);
      const alert = { key: deduplicationKey(event), id: message.id, at: event.receivedAt };
      if (!mine.isRepeated(alert, window)) return false;
      observer.event({ source: event.source, priority: event.priority ?? '', result: 'duplicate' });
      return true;
    } catch {
      return false; // it is set aside, with the reason
    }
  }

  async function decide(delivery: Delivery): Promise<'lead' | 'ended'> {
    const decision = await deps.handOver(delivery);
    if (decision === 'lead') return 'lead';
    if (decision === 'stopped') await postpone(delivery, STOPPED, deps.process, []);
    else {
      mine.release(delivery.message.id);
      await delivery.settle({ kind: 'done' });
    }
    return 'ended';
  }

  return (delivery) => {
    const { key } = delivery.message;
    const before = tails.get(key);
    if (!before && leadership.current()) return act(delivery);
    let acting: Promise<void> | undefined;
    const decided = (before ?? Promise.resolve())
      .then(() => decide(delivery))
      .then((decision) => {
        if (decision === 'lead') acting = act(delivery);
        acting?.catch(() => {});
      });
    const tail: Promise<void> = decided
      .catch(() => {})
      .then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
    tails.set(key, tail);
    return decided.then(() => acting);
  };
}
