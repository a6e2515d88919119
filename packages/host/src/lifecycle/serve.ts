import { setTimeout as delay } from 'node:timers/promises';
import { errorText, type Logger, type Plugin } from '@falco-talon/core';
import { printable, startEngine, type Engine } from '@falco-talon/engine';
import { hasColours } from '../cli/colour.ts';
import { printProblems, type ExitCode, type ProgramContext } from '../cli/command.ts';
import { dataDirectory } from '../config/data-directory.ts';
import { doorSettings, engineSettings } from '../config/engine-settings.ts';
import type { Config } from '../config/load-config.ts';
import { secretFiles } from '../door/door.ts';
import { openDestination } from '../logging/destination.ts';
import { deadLetterCalls } from '../control/dead-letter-calls.ts';
import { startControlServer } from '../control/control-server.ts';
import { createLogger } from '../logging/logger.ts';
import { createMetrics, type Metrics } from '../metrics/metrics.ts';
import { openListeners, type Listeners } from '../server/listeners.ts';
import { createHandoverSender } from '../server/send-handover.ts';
import { warnOfExposed } from './exposed-files.ts';
import { guardProcess } from './process-guard.ts';
import type { StopSignals } from './signals.ts';
import { goneBy, stopServer } from './stop-server.ts';
import { watchStorage, type StorageWatch } from './watch-storage.ts';
import { startWatchdog } from './watchdog.ts';

export interface ServeOptions {
  readonly program: ProgramContext;
  readonly config: Config;
  readonly plugins: readonly Plugin[];
  readonly signals: StopSignals;
}

/** Time the last log lines have to leave, at most and at least. Milliseconds. */
const FLUSH_TIME = 1_000;
const SHORTEST_FLUSH = 100;
/** What the end of each part takes at most when the process is told to stop while it starts. Milliseconds, and of the grace. */
const END_OF_START = 2_000;
const SHARE_OF_GRACE = 1 / 6;

/**
 * The server, from a checked config to the end of the process.
 * Start: rules, clients in use and queue (the engine's part), then listen. Stop: the reverse.
 */
export async function serve({ program, config, plugins, signals }: ServeOptions): Promise<ExitCode> {
  const { host } = config;
  const destination = openDestination(program.stdout);
  const colours = hasColours(program.stdout, program.environment);
  const logger = createLogger({ format: host.log_format, level: host.log_level, colours, destination });
  const metrics = createMetrics();
  metrics.mode(host.mode);
  const handovers = createHandoverSender();
  const guard = program.process && guardProcess(program.process, logger, () => metrics.uncaughtError());
  let storage: StorageWatch | undefined;
  const watchdog =
    program.process && host.watchdog_seconds > 0 ? startWatchdog(host.watchdog_seconds * 1000) : undefined;
  let gone = Infinity;
  const start = { signals, limit: Math.min(END_OF_START, host.shutdown_grace_period * 1000 * SHARE_OF_GRACE) };
  try {
    const directory = dataDirectory(host.data_directory, program.environment, program.homeDirectory);
    const engine = await untilStopped(
      start,
      startEngine({
        plugins,
        settings: engineSettings(config, directory),
        logger,
        observer: metrics.observer,
        environment: { variables: program.environment, homeDirectory: program.homeDirectory },
        sendHandover: handovers.send,
      }),
      (started) => started.stop(start.limit),
    );
    if (engine === 'stopped') return 0;
    const depths = { queueDepth: () => engine.queueDepth(), spoolDepth: () => engine.spoolDepth() };
    storage = watchStorage(depths, logger);
    metrics.watch({ ...depths, lowStores: storage.low, droppedLogLines: () => destination.dropped() });
    if (engine.replicas) metrics.watchReplicas(engine.replicas);
    const { code, by } = await run({
      config,
      engine,
      logger,
      metrics,
      start,
      signals,
      program,
      directory,
      alive: () => watchdog?.alive(),
      plugins: plugins.map(({ name }) => name),
    });
    gone = by;
    return code;
  } catch (error) {
    printProblems(
      program,
      errorText(error)
        .split('\n')
        .map((line) => printable(line)),
    );
    return 1;
  } finally {
    storage?.stop();
    handovers.close();
    await watchdog?.stop();
    await destination.flush(Math.max(SHORTEST_FLUSH, Math.min(FLUSH_TIME, gone - performance.now())));
    guard?.release();
  }
}

interface Running {
  readonly config: Config;
  readonly engine: Engine;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly start: Start;
  readonly signals: StopSignals;
  readonly program: ProgramContext;
  readonly directory: string;
  /** Tells the watchdog that something runs. */
  readonly alive: () => void;
  /** Names. */
  readonly plugins: readonly string[];
}

async function run(running: Running): ReturnType<typeof stopServer> {
  const { config, directory, engine, logger, start, signals, program } = running;
  const grace = config.host.shutdown_grace_period * 1000;
  let refusing = false;
  let listeners: Listeners | 'stopped' | undefined;
  try {
    const opening = openListeners({
      ...running,
      variables: program.environment,
      stopping: () => signals.since() !== undefined,
      refusing: () => refusing,
    });
    listeners = await untilStopped(start, opening, closeAll);
    if (listeners === 'stopped') {
      const { lost } = await engine.stop(start.limit);
      return { code: lost ? 1 : 0, by: goneBy(signals.since() ?? 0, grace) };
    }
    // A service that does not answer must not keep the process from being stopped.
    await Promise.race([listeners.join(), signals.requested]);
  } catch (error) {
    if (typeof listeners === 'object') await closeAll(listeners);
    await engine.stop(start.limit);
    throw error;
  }
  logger.info('server started', {
    version: program.version,
    address: config.host.listen_address,
    port: listeners.port,
    ...(listeners.monitoringPort === undefined ? {} : { monitoring_port: listeners.monitoringPort }),
    mode: config.host.mode,
    queue: config.queueType,
    plugins: running.plugins,
    data_directory: directory,
    rules_version: engine.rulesVersion(),
  });
  await warnOfExposed({ directory, files: secretFiles(doorSettings(config, directory)) }, logger);
  signals.onHangup(() => {
    logger.info('rules are read again', { signal: 'SIGHUP' });
    engine.reload().catch((error: unknown) => logger.error('rules not read', { error: errorText(error) }));
  });

  const control = await startControlServer({
    directory,
    calls: engine.deadLetters ? deadLetterCalls(engine.deadLetters, logger) : [],
    logger,
  });
  const signal = await signals.requested;
  signals.onHangup(() => {});
  return stopServer({
    signal,
    since: signals.since() ?? performance.now(),
    signals,
    listeners,
    control,
    engine,
    logger,
    grace,
    delay: config.host.shutdown_delay_seconds * 1000,
    refuse: () => (refusing = true),
  });
}

async function closeAll(listeners: Listeners): Promise<void> {
  await Promise.all([listeners.closeIntake(0), listeners.close()]);
}

/** The start of a process that may be told to stop meanwhile. */
interface Start {
  readonly signals: StopSignals;
  /** Milliseconds the end of each part may take then. */
  readonly limit: number;
}

/** What starts, unless a request to stop comes first: it is then ended as soon as it is there, if that is soon. */
async function untilStopped<T>(
  { signals, limit }: Start,
  starting: Promise<T>,
  end: (started: T) => Promise<unknown>,
): Promise<T | 'stopped'> {
  const first = await Promise.race([starting, signals.requested.then(() => 'stopped' as const)]);
  if (first !== 'stopped') return first;
  const ended = starting.then(end).catch(() => {});
  await Promise.race([ended, delay(limit)]);
  return 'stopped';
}
