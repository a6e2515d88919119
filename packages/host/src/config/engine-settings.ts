import type { EngineSettings } from '@falco-talon/engine';
import { resolve } from 'node:path';
import { budgetsOf } from './budgets.ts';
import type { DoorSettings } from '../door/door.ts';
import type { ServerSettings } from '../server/server.ts';
import type { IntakeLimits } from '../server/intake.ts';
import { MONITORING_PATHS } from '../server/monitoring-paths.ts';
import type { Config } from './load-config.ts';

/** What the engine is told. Seconds become milliseconds here. */
export function engineSettings({ host, queueType, sections }: Config, dataDirectory: string): EngineSettings {
  return {
    rulesFiles: host.rules_files,
    watchRules: host.watch_rules,
    printAllEvents: host.print_all_events,
    defaultNotifiers: host.default_notifiers,
    mode: host.mode,
    deduplicationWindow: host.deduplication.time_window_seconds * 1000,
    leaderElection: host.deduplication.leader_election,
    dataDirectory,
    queueType,
    budgets: budgetsOf(host.guard.budgets),
    limits: {
      inFlight: host.limits.in_flight,
      concurrency: host.limits.concurrency,
      longConcurrency: host.limits.long_concurrency,
      artifactBytes: host.limits.artifact_bytes,
      spoolBytes: host.limits.spool_bytes,
      stepAttempts: host.limits.step_attempts,
      eventAttempts: host.limits.event_attempts,
    },
    sections,
  };
}

/** Where alerts are taken. */
export function intakeServer({ host }: Config): ServerSettings {
  return serverSettings(host, host.listen_address, host.listen_port);
}

/** Where probes and metrics are served, when that is not the same place. */
export function monitoringServer({ host }: Config): ServerSettings | undefined {
  const { listen_address: address, listen_port: port } = host.monitoring;
  return port === undefined ? undefined : serverSettings(host, address === '' ? host.listen_address : address, port);
}

function serverSettings({ intake }: Config['host'], address: string, port: number): ServerSettings {
  return {
    address,
    port,
    maxConnections: intake.max_connections,
    maxConnectionsPerSender: intake.max_connections_per_sender,
    headersTimeout: intake.headers_timeout_seconds * 1000,
    requestTimeout: intake.request_timeout_seconds * 1000,
    keepAliveTimeout: intake.keep_alive_timeout_seconds * 1000,
  };
}

export function intakeLimits({ host: { intake } }: Config): IntakeLimits {
  return {
    maxBodyBytes: intake.max_body_bytes,
    maxInFlight: intake.max_in_flight,
    maxBufferedBytes: intake.max_buffered_bytes,
  };
}

/** Who may come in. Without a port of their own, probes and metrics are open to anybody. */
export function doorSettings({ host, directory }: Config, dataDirectory?: string): DoorSettings {
  const { auth, tls, sender_rate: senderRate } = host.intake;
  const beside = (file: string) => (file === '' ? '' : resolve(directory, file));
  return {
    auth: {
      ...auth,
      token_files: auth.token_files.map(beside),
      basic_files: auth.basic_files.map(beside),
      secret_path_files: auth.secret_path_files.map(beside),
      hmac_key_files: auth.hmac_key_files.map(beside),
    },
    tls: {
      ...tls,
      cert_file: beside(tls.cert_file),
      key_file: beside(tls.key_file),
      client_ca_file: beside(tls.client_ca_file),
    },
    senderRate,
    dataDirectory,
    openPaths: host.monitoring.listen_port === undefined ? MONITORING_PATHS : [],
  };
}
