import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { silentLogger, type Candidacy, type Lead, type Message, type Replica } from '@falco-talon/core';
import type { Observer } from '../lifecycle/engine.ts';
import { createLeadership } from './leadership.ts';
import { createOwnMessages } from './own-messages.ts';
import { createTakeOver, type TakeOverDeps } from './take-over.ts';

export const NOW = 1_800_000_000_000;

export interface Named extends Replica {
  readonly privateKey: KeyObject;
}

export function replicaNamed(identity: string): Named {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return { identity, address: `http://${identity}.test:2803`, publicKey: key, privateKey };
}

export const message = (changes: Partial<Message> = {}): Message => ({
  id: 'alert-1',
  kind: 'event',
  key: 'pod shop/cart',
  headers: { 'trace-id': 'a'.repeat(32), 'received-at': String(NOW) },
  body: Buffer.from('{"rule":"x"}'),
  ...changes,
});

const nobody = { handover: () => {} } as unknown as Observer;

/** A replica that takes handovers, its queue, and who it believes leads. */
export function receiving(own: Named, others: readonly Replica[], deps: Partial<TakeOverDeps> = {}) {
  const published: Message[] = [];
  const state = { lead: { term: 1, until: Infinity } as Lead | undefined, leader: undefined as Replica | undefined };
  const watchers: (() => void)[] = [];
  const candidacy: Candidacy = {
    lead: () => state.lead,
    leader: () => state.leader,
    others: () => others,
    replica: async (identity) => others.find((one) => one.identity === identity),
    announce: () => {},
    watch: (changed) => void watchers.push(changed),
    close: async () => {},
  };
  const leadership = createLeadership(silentLogger, own.identity);
  leadership.stand(candidacy);
  const mine = createOwnMessages();
  const queue: TakeOverDeps['queue'] = {
    publish: async (given) => {
      published.push(...given);
      return given.map(() => 'accepted' as const);
    },
  };
  const takeOver = createTakeOver({
    identity: own.identity,
    leadership,
    queue,
    mine,
    observer: nobody,
    logger: silentLogger,
    now: () => NOW,
    ...deps,
  });
  const become = (lead: boolean) => {
    state.lead = lead ? { term: 1, until: Infinity } : undefined;
    for (const changed of watchers) changed();
  };
  return { published, leadership, mine, takeOver, candidacy, state, become, observer: nobody };
}
