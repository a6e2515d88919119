import {
  type Candidacy,
  type Delivery,
  type Election,
  type Environment,
  type QueueDriver,
  type Replica,
} from '@falco-talon/core';
import type { EngineSettings } from '../lifecycle/engine.ts';
import type { ProcessDeps } from '../lifecycle/case.ts';
import { createHandOver, type SendHandover } from './hand-over.ts';
import { createLeadership } from './leadership.ts';
import { createOwnMessages } from './own-messages.ts';
import { ownReplica } from './own-replica.ts';
import { createRoute } from './route.ts';
import { createTakeOver, type TakeOver, type TakeOverDeps } from './take-over.ts';

/** Where the other replicas reach this one. */
export type ReplicaAddress = Pick<Replica, 'address' | 'certificate'>;

/** What the metrics say of the election. */
export interface LeadershipState {
  readonly leads: boolean;
  readonly term: number | undefined;
  /** Leads this process has begun. */
  readonly transitions: number;
}

/** This process as one of several replicas of which one acts. */
export interface ReplicaSet {
  readonly route: (delivery: Delivery) => Promise<void>;
  readonly takeOver: TakeOver;
  state(): LeadershipState;
  /**
   * From now on it is reached there, and a candidate. Called again when the address or the certificate changed.
   * @throws TalonError when it cannot be one
   */
  join(at: ReplicaAddress): Promise<void>;
  /** Gives the lead up. Nothing may act any more by then. */
  close(): Promise<void>;
}

export interface ElectionDeps {
  readonly elections: ReadonlyMap<string, { readonly part: Election }>;
  readonly settings: Pick<EngineSettings, 'leaderElection' | 'sections'>;
  readonly driver: QueueDriver;
  readonly environment: Environment;
  readonly logger: ProcessDeps['logger'];
}

export interface ChosenElection {
  readonly election: Election;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The election to take part in; undefined, with a line in the log, when there is nobody to choose among. */
export async function chooseElection(deps: ElectionDeps): Promise<ChosenElection | undefined> {
  const { elections, settings, driver, environment, logger } = deps;
  const [found] = elections.values();
  if (!found || settings.leaderElection !== true || driver.shared === true) return undefined;
  const election = found.part;
  const values = settings.sections.elections?.get(election.name)?.value ?? {};
  const absent = await election.absent?.({ settings: values, environment });
  if (absent === undefined) return { election, settings: values };
  logger.info('no leader election', { reason: absent });
  return undefined;
}

export interface ReplicaSetDeps {
  readonly chosen: ChosenElection;
  readonly send: SendHandover;
  readonly process: ProcessDeps;
  readonly queue: TakeOverDeps['queue'];
  /** Of the queue, when only one process at a time can have it open. */
  readonly directory: string | undefined;
  readonly environment: Environment;
  /** Aborted when nothing is handed over any more. */
  readonly signal: AbortSignal;
}

export async function openReplicaSet(deps: ReplicaSetDeps): Promise<ReplicaSet> {
  const { chosen, process, queue } = deps;
  const { logger, observer, now, scope, pool } = process;
  const own = await ownReplica(deps.directory, deps.environment);
  const { identity, publicKey } = own;
  const leadership = createLeadership(logger, identity);
  const mine = createOwnMessages();
  const handOver = createHandOver({
    own,
    leadership,
    mine,
    send: deps.send,
    observer,
    logger,
    now,
    signal: deps.signal,
  });
  const lease = pool.lease();
  let candidacy: Candidacy | undefined;

  return {
    route: createRoute({ leadership, handOver, mine, process }),
    takeOver: createTakeOver({ identity, leadership, queue, mine, observer, logger, now }),
    state() {
      const term = leadership.current()?.term;
      return { leads: term !== undefined, term, transitions: leadership.transitions() };
    },
    async join(at) {
      const self: Replica = { identity, publicKey, ...at };
      if (candidacy) return candidacy.announce(self);
      const { election, settings } = chosen;
      const clients = await lease.all(election.uses ?? {});
      candidacy = await election.stand({ ...scope, settings, clients, self });
      leadership.stand(candidacy);
    },
    async close() {
      await candidacy?.close();
      await lease.release();
    },
  };
}
