import type { EngineSettings } from '@falco-talon/engine';
import type { ServerSettings } from '../server/server.ts';
import type { IntakeLimits } from '../server/intake.ts';
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
    dataDirectory,
    queueType,
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

export function serverSettings({ host: { intake, listen_address, listen_port } }: Config): ServerSettings {
  return {
    address: listen_address,
    port: listen_port,
    maxConnections: intake.max_connections,
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
