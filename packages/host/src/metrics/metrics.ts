import { PRIORITIES, type OutcomeRecord } from '@falco-talon/core';
import type { LeadershipState, Observer } from '@falco-talon/engine';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { boundedLabel } from './bounded-label.ts';
import { storageMetrics, type StorageSources } from './storage-metrics.ts';

const PREFIX = 'falcosecurity_falco_talon';
/** Falco's own sources and those of its maintained plugins. What an event says beside them is `other`. */
const SOURCES = new Set(['syscall', 'k8s_audit', 'internal', 'aws_cloudtrail', 'gcp_auditlog', 'okta', 'github']);
const PRIORITY_WORDS = new Set<string>(PRIORITIES);
/** Different rules, actions and targets a process counts apart; reloads bring new ones. */
const MAX_NAMES = 5_000;
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface Metrics {
  readonly observer: Observer;
  readonly contentType: string;
  text(): Promise<string>;
  /** A request the server refused before or instead of an event. */
  requestRefused(problem: { readonly status: number; readonly code: string }): void;
  /** A connection that was ended because of how many there are; a word from a fixed list. */
  connectionRefused(reason: string): void;
  /** An error no caller of a plugin was there to take. */
  uncaughtError(): void;
  mode(mode: 'enforce' | 'observe'): void;
  /** When the server's certificate ends, milliseconds since the epoch. Read at each scrape. */
  watchCertificate(expires: () => number | undefined): void;
  /** It is one of several replicas of which one is chosen. Read at each scrape. */
  watchReplicas(replicas: { state(): LeadershipState }): void;
  /** The engine has started, with valid rules; these are read at each scrape. */
  watch(sources: StorageSources & { readonly droppedLogLines: () => number }): void;
}

/** Every label value comes from the rules, the config or a fixed list, never from an event. */
export function createMetrics(): Metrics {
  const register = new Registry();
  const registers = [register];
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
    new Counter<T>({ name: `${PREFIX}_${name}_total`, help, labelNames: [...labelNames], registers });

  const events = counter('events', 'Alerts by what became of them.', ['source', 'priority', 'result']);
  const matches = counter('matches', 'Matches by rule.', ['rule']);
  const actions = counter('actions', 'Outcomes of actions.', ['rule', 'action', 'actionner', 'category', 'status']);
  const outputs = counter('outputs', 'Outcomes of storing artifacts.', ['rule', 'action', 'target', 'status']);
  const notifications = counter('notifications', 'Records by notifier and outcome.', ['notifier', 'status']);
  const verdicts = counter('guard_verdicts', 'What guards said about steps, each time they were asked.', [
    'guard',
    'verdict',
  ]);
  const handovers = counter('handovers', 'Alerts handed over to the replica that leads, or taken from others.', [
    'result',
  ]);
  const reloads = counter('rule_reloads', 'Reloads of the rules.', ['result']);
  // As Prometheus names them for its own configuration.
  const lastReload = new Gauge({
    name: `${PREFIX}_rules_last_reload_successful`,
    help: 'Whether the last rules that were read came into force: 1 or 0.',
    registers,
  });
  const lastGood = new Gauge({
    name: `${PREFIX}_rules_last_reload_success_timestamp_seconds`,
    help: 'When the rules in force came into force.',
    registers,
  });
  const refused = counter('requests_refused', 'Requests refused, by HTTP status and reason.', ['status', 'reason']);
  const connections = counter('connections_refused', 'Connections ended for their number, by reason.', ['reason']);
  const uncaught = counter('uncaught_errors', 'Errors that escaped a plugin.', []);
  const brakesOn = new Gauge({
    name: `${PREFIX}_storm_brakes_engaged`,
    help: 'Storm brakes that are engaged, by what their budget counts apart.',
    labelNames: ['per'],
    registers,
  });
  const trips = counter('storm_brake_engagements', 'Times a storm brake was engaged.', ['per']);
  const braked = counter('storm_brake_observed', 'Actions a storm brake made dry runs.', ['per']);
  const latency = new Histogram({
    name: `${PREFIX}_stage_duration_seconds`,
    help: 'accept: receipt to the answer of the queue; act: receipt to the first call of an action; step: one action; upload: one artifact.',
    labelNames: ['stage'],
    buckets: BUCKETS,
    registers,
  });
  collectDefaultMetrics({ register });
  const rule = boundedLabel(MAX_NAMES);
  const action = boundedLabel(MAX_NAMES);

  const observer: Observer = {
    event: ({ source, priority, result }) =>
      events.inc({
        source: SOURCES.has(source) ? source : 'other',
        priority: PRIORITY_WORDS.has(priority) ? priority : 'other',
        result,
      }),
    match: (match) => matches.inc({ rule: rule(match.rule) }),
    outcome(record: OutcomeRecord) {
      const labels = { rule: rule(record.rule), action: action(record.action ?? ''), status: record.status };
      if (record.stage === 'output') outputs.inc({ ...labels, target: record.output_target ?? '' });
      else actions.inc({ ...labels, actionner: record.actionner ?? '', category: record.category ?? '' });
    },
    guardVerdict: ({ guard, verdict }) => verdicts.inc({ guard, verdict }),
    notification: ({ notifier, status, records }) => notifications.inc({ notifier, status }, records),
    handover: ({ result }) => handovers.inc({ result }),
    latency: (stage, milliseconds) => latency.observe({ stage }, milliseconds / 1000),
    brake({ per, what }) {
      if (what === 'observed') return braked.inc({ per });
      if (what === 'engaged') trips.inc({ per });
      brakesOn.inc({ per }, what === 'released' ? -1 : 1);
    },
    reload(result) {
      reloads.inc({ result });
      noteRules(result === 'success');
    },
  };

  function noteRules(good: boolean): void {
    lastReload.set(good ? 1 : 0);
    if (good) lastGood.setToCurrentTime();
  }

  return {
    observer,
    contentType: register.contentType,
    text: () => register.metrics(),
    requestRefused: ({ status, code }) => refused.inc({ status: String(status), reason: code }),
    connectionRefused: (reason) => connections.inc({ reason }),
    uncaughtError: () => uncaught.inc(),
    mode(mode) {
      const gauge = new Gauge({
        name: `${PREFIX}_mode`,
        help: 'Whether actions change anything: enforce, or observe, where every rule is a dry run.',
        labelNames: ['mode'],
        registers,
      });
      gauge.set({ mode }, 1);
    },
    watchReplicas(replicas) {
      const gauge = (name: string, help: string, value: (state: LeadershipState) => number) =>
        new Gauge({
          name: `${PREFIX}_${name}`,
          help,
          registers,
          collect() {
            this.set(value(replicas.state()));
          },
        });
      gauge('leader', 'Whether this replica leads: 1 or 0.', ({ leads }) => (leads ? 1 : 0));
      gauge('leader_term', 'Changes of the leader so far, while this replica leads; else 0.', ({ term }) => term ?? 0);
      new Counter({
        name: `${PREFIX}_leader_transitions_total`,
        help: 'How often this process began to lead.',
        registers,
        collect() {
          this.reset();
          this.inc(replicas.state().transitions);
        },
      });
    },
    watchCertificate(expires) {
      new Gauge({
        name: `${PREFIX}_certificate_expires_timestamp_seconds`,
        help: "When the server's certificate ends.",
        registers,
        collect() {
          const end = expires();
          this.reset();
          if (end !== undefined) this.set(end / 1000);
        },
      });
    },
    watch({ droppedLogLines, ...storage }) {
      noteRules(true);
      storageMetrics(register, PREFIX, storage);
      new Counter({
        name: `${PREFIX}_log_lines_dropped_total`,
        help: 'Log lines dropped because nobody read them.',
        registers,
        collect() {
          this.reset();
          this.inc(droppedLogLines());
        },
      });
    },
  };
}
