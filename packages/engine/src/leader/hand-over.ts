import { errorText, type Delivery, type Logger, type Replica } from '@falco-talon/core';
import { createSlots } from '../act/slots.ts';
import type { Observer } from '../lifecycle/engine.ts';
import { hopsOf, writeHandover } from './handover-body.ts';
import type { Leadership } from './leadership.ts';
import type { OwnMessages } from './own-messages.ts';
import type { OwnReplica } from './own-replica.ts';
import { seal } from './seal.ts';

export interface HandoverAnswer {
  readonly status: number;
  /** A word for programs: `accepted`, `duplicate`, `not_leading`, … */
  readonly code: string;
}

/** Brings a sealed body to another replica. Rejects when there is no answer. */
export type SendHandover = (
  to: Replica,
  request: { readonly seal: string; readonly body: Buffer; readonly signal: AbortSignal },
) => Promise<HandoverAnswer>;

export interface HandOverDeps {
  readonly own: OwnReplica;
  readonly leadership: Leadership;
  readonly mine: Pick<OwnMessages, 'promised'>;
  readonly send: SendHandover;
  readonly observer: Observer;
  readonly logger: Logger;
  readonly now: () => number;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
}

const SEND_LIMIT = 10_000;
/** The others wait in order of arrival: a leader that is slow, or not there, is not asked by thousands at once. */
const AT_A_TIME = 16;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;
/** A replica that may have the message is asked so often whether it has, before this one acts on it. */
const QUESTIONS = 3;
const BETWEEN_QUESTIONS = 500;

/**
 * What becomes of a message as long as another replica leads: `handed` when the leader's queue has it durably; `lead` when it is
 * this replica's own to act on; `stopped` when the process stops first.
 */
export function createHandOver(deps: HandOverDeps): (delivery: Delivery) => Promise<'handed' | 'lead' | 'stopped'> {
  const { own, leadership, mine, observer, logger, now, signal } = deps;
  const slots = createSlots(AT_A_TIME);
  let failing = '';
  let arrived = 0;

  async function send(to: Replica, body: Buffer): Promise<HandoverAnswer | Error> {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(SEND_LIMIT)]);
      const sealed = seal(body, { from: own.identity, to: to.identity, now: now(), key: own.privateKey });
      return await deps.send(to, { seal: sealed, body, signal: limit });
    } catch (error) {
      return error instanceof Error ? error : new Error(errorText(error));
    }
  }

  /** The leader; where this replica cannot know who that is (it may be cut off from where that stands), one after the other. */
  function receiver(attempt: number): Replica | undefined {
    const candidacy = leadership.candidacy();
    const leader = candidacy?.leader();
    if (leader && leader.identity !== own.identity) return leader;
    const others = candidacy?.others() ?? [];
    return others[attempt % others.length];
  }

  /** When it is its turn; undefined when it has to be looked again who leads. */
  async function sendInTurn(to: Replica, body: Buffer, age: number): Promise<HandoverAnswer | Error | undefined> {
    const until = AbortSignal.any([signal, leadership.changes()]);
    const giveBack = await slots.take({ severity: 0, age }, until).catch(() => undefined);
    if (!giveBack) return undefined;
    const answer = await send(to, body);
    giveBack();
    note(to, answer);
    return answer;
  }

  function note(to: Replica, answer: HandoverAnswer | Error): void {
    const ok = !(answer instanceof Error) && answer.status === 200;
    observer.handover?.({ result: ok ? (answer.code === 'duplicate' ? 'duplicate' : 'accepted') : 'failed' });
    const text = ok ? '' : answer instanceof Error ? errorText(answer) : `${answer.status} ${answer.code}`;
    if (text === failing || signal.aborted) return;
    failing = text;
    if (ok) logger.info('alerts are handed over', { leader: to.identity });
    else logger.warn('alerts are not handed over, they wait here', { leader: to.identity, error: text });
  }

  /** After an answer that got lost: the other replica may have the message although this one leads now. */
  async function hasIt(other: Replica, body: Buffer): Promise<boolean> {
    for (let n = 0; n < QUESTIONS && !signal.aborted; n++) {
      const answer = await send(other, body);
      if (!(answer instanceof Error)) return answer.status === 200;
      await leadership.change(BETWEEN_QUESTIONS, signal);
    }
    return false;
  }

  return async function handOver({ message, journal }) {
    let hops = hopsOf(message);
    let body: Buffer | undefined;
    let maybeAt: Replica | undefined;
    /** Two replicas that hand one message to each other must not both take the other's word that it is there. */
    const isLast = (): boolean => {
      const promised = mine.promised(message.id);
      if (promised <= hops) return false;
      hops = promised;
      body = maybeAt = undefined;
      return true;
    };
    const age = arrived++;
    for (let failures = 0; ;) {
      if (signal.aborted) return 'stopped';
      if (leadership.current()) {
        if (maybeAt && (await hasIt(maybeAt, body!)) && !isLast()) return 'handed';
        maybeAt = undefined;
        if (leadership.current()) return 'lead';
      }
      const to = receiver(failures);
      if (to) {
        body ??= writeHandover(message, journal, hops + 1);
        const answer = await sendInTurn(to, body, age);
        if (answer === undefined) continue;
        if (answer instanceof Error) maybeAt = to;
        else if (answer.status === 200 && !isLast()) return 'handed';
      }
      const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures++, 10));
      await leadership.change(Math.ceil((0.5 + Math.random() / 2) * longest), signal);
    }
  };
}
