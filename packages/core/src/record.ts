export type Status = 'success' | 'failure' | 'ignored' | 'dry_run' | 'in_progress';

/** One outcome, as it is logged, counted and sent to notifiers. Empty keys are left out. */
export interface OutcomeRecord {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly trace_id: string;
  /** Name of Falco Talon's rule. */
  readonly rule: string;
  /** The rules files it was planned from: a short hash of their content, the same in the log lines of the event. */
  readonly rules_version?: string;
  /** The alert's text. */
  readonly event: string;
  /** What happened, in fixed words: `action`, `output` or `storm brake`. */
  readonly message: string;
  readonly priority?: string;
  readonly source?: string;
  readonly actionner?: string;
  readonly action?: string;
  readonly category?: string;
  readonly status: Status;
  readonly objects?: Readonly<Record<string, string>>;
  /** Text an action produced, cut to a limit. */
  readonly output?: string;
  readonly output_target?: string;
  readonly error?: string;
  readonly result?: string;
  readonly stage: 'action' | 'output' | 'guard';
  readonly notifier?: string;
  readonly context?: string;
}
