import type {
  DeadLetters,
  Environment,
  Issue,
  Logger,
  OutcomeRecord,
  Plugin,
  QueueDepth,
  Verdict,
} from '@falco-talon/core';
import type { Budget, BudgetScope } from '../guard/brake/budget.ts';
import type { SpoolDepth } from '../deliver/spool.ts';
import type { SendHandover } from '../leader/hand-over.ts';
import type { ReplicaSet } from '../leader/replica-set.ts';
import type { Problem } from '../rules/rule.ts';
import type { Registry } from '../registry/registry.ts';

/** Settings of one client, notifier, queue or guard, as the configuration gives them. */
export interface Section {
  readonly value: Readonly<Record<string, unknown>>;
  /** Required keys that are not there. An error only when the section's owner is in use. */
  readonly missing: readonly Issue[];
}

export interface EngineSettings {
  /** Files and directories, in order. */
  readonly rulesFiles: readonly string[];
  readonly watchRules: boolean;
  readonly printAllEvents: boolean;
  readonly defaultNotifiers: readonly string[];
  /** `observe`: every rule is a dry run. */
  readonly mode: 'enforce' | 'observe';
  /** Milliseconds; 0 turns deduplication off. */
  readonly deduplicationWindow: number;
  /** Exists; holds the queue and the spool of artifacts. */
  readonly dataDirectory: string;
  readonly queueType: string;
  /** Budgets of the storm brake. */
  readonly budgets: readonly Budget[];
  /** Choose one of several replicas that do not share a queue. Default false. */
  readonly leaderElection?: boolean;
  readonly limits: EngineLimits;
  readonly sections: {
    /** By client id. */
    readonly clients: ReadonlyMap<string, Section>;
    /** By lower-case name. */
    readonly notifiers: ReadonlyMap<string, Section>;
    /** By name. */
    readonly queues: ReadonlyMap<string, Section>;
    /** By name. */
    readonly guards: ReadonlyMap<string, Section>;
    /** By name. */
    readonly elections?: ReadonlyMap<string, Section>;
  };
}

export interface EngineLimits {
  /** Events being worked on at a time. */
  readonly inFlight: number;
  /** Steps acting at a time, and the same for steps that announce more than 5 s. */
  readonly concurrency: number;
  readonly longConcurrency: number;
  /** Bytes one artifact may have; longer ones are cut. */
  readonly artifactBytes: number;
  /** Bytes all artifacts that wait for their upload may have together. */
  readonly spoolBytes: number;
  /**
   * Attempts of one step. With the backoff between them 20 outlast a service that is away for a minute; what costs more
   * than waiting (time limits, conflicts, lost answers) is given up after 5.
   */
  readonly stepAttempts: number;
  /** Attempts of one event before it is set aside. */
  readonly eventAttempts: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  inFlight: 1000,
  concurrency: 64,
  longConcurrency: 16,
  artifactBytes: 512 * 1024 * 1024,
  spoolBytes: 4 * 1024 * 1024 * 1024,
  stepAttempts: 20,
  eventAttempts: 3,
};

/** What the host counts. Called on the hot path: implementations only add to counters. */
export interface Observer {
  event(event: {
    readonly source: string;
    readonly priority: string;
    readonly result: 'accepted' | 'duplicate' | 'refused' | 'unmatched' | 'matched' | 'dead';
  }): void;
  match(match: { readonly rule: string }): void;
  outcome(record: OutcomeRecord): void;
  /** `failed`: the guard could not judge, which is no allowance. */
  guardVerdict(verdict: { readonly guard: string; readonly verdict: Verdict['kind'] | 'failed' }): void;
  notification(notification: {
    readonly notifier: string;
    readonly status: 'success' | 'failure' | 'dropped';
    readonly records: number;
  }): void;
  /** `accept`: receipt to the queue's answer; `act`: receipt to the start of a step's first call; `step`: check and run; `upload`. */
  latency(stage: 'accept' | 'act' | 'step' | 'upload', milliseconds: number): void;
  reload(result: 'success' | 'failure'): void;
  /** A storm brake was engaged, was found engaged at the start, was released, or kept a step from acting. */
  brake(brake: { readonly per: BudgetScope; readonly what: 'engaged' | 'restored' | 'released' | 'observed' }): void;
  /** `accepted`, `duplicate`, `failed`: by the replica that leads; `taken`: from another replica. */
  handover?(handover: { readonly result: 'accepted' | 'duplicate' | 'failed' | 'taken' }): void;
}

export interface EngineOptions {
  readonly plugins: readonly Plugin[];
  readonly settings: EngineSettings;
  readonly logger: Logger;
  readonly observer: Observer;
  readonly environment: Environment;
  /** How alerts get to another replica. Absent: there is no leader election. */
  readonly sendHandover?: SendHandover;
}

/** Headers as the host found them; names in lower case. */
export type IncomingHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export type IngestAnswer =
  | { readonly kind: 'accepted'; readonly id: string; readonly traceId: string; readonly duplicate: boolean }
  | {
      readonly kind: 'refused';
      readonly status: 400 | 503;
      readonly code: string;
      /** For people: which field, what was expected. */
      readonly detail: string;
      /** Seconds. */
      readonly retryAfter?: number;
    };

export interface ReadyCheck {
  /** `queue`, `client kubernetes`, `rules`. */
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}

export interface Engine {
  readonly registry: Registry;
  /** Decodes and queues one alert. Never rejects, never works before answering. */
  ingest(body: Uint8Array, headers: IncomingHeaders): Promise<IngestAnswer>;
  ready(): Promise<readonly ReadyCheck[]>;
  /** Version of the rules in force. */
  rulesVersion(): string;
  /** Reads the rules files again; invalid ones leave the running rules in force. */
  reload(): Promise<readonly Problem[]>;
  queueDepth(): Promise<QueueDepth>;
  /** Artifacts on their way. */
  spoolDepth(): SpoolDepth;
  /** Absent: the queue does not keep what it sets aside where it can be looked at. */
  readonly deadLetters?: DeadLetters;
  /** Where one of several replicas is chosen: this one's part in that. Nothing is acted on before it has joined. */
  readonly replicas?: Pick<ReplicaSet, 'join' | 'takeOver' | 'state'>;
  /**
   * Stops accepting, finishes or checkpoints what runs, closes everything: within `grace` milliseconds, whatever plugins do.
   * Called again with less time it hurries. Never rejects.
   */
  stop(grace: number): Promise<Stopped>;
}

/** What a stop left. */
export interface Stopped {
  /** Accepted alerts that are not finished. */
  readonly unfinished: number;
  /** They are gone with the process; else they go on after the restart. */
  readonly lost: boolean;
}
