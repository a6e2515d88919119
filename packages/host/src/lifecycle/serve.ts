import { setTimeout as delay } from 'node:timers/promises';
import { errorText, type Logger, type Plugin } from '@falco-talon/core';
import { printable, startEngine, type Engine } from '@falco-talon/engine';
import { hasColours } from '../cli/colour.ts';
import { printProblems, type ExitCode, type ProgramContext } from '../cli/command.ts';
import { dataDirectory } from '../config/data-directory.ts';
import { engineSettings } from '../config/engine-settings.ts';
import type { Config } from '../config/load-config.ts';
import { openDestination } from '../logging/destination.ts';
import { createLogger } from '../logging/logger.ts';
import { createMetrics, type Metrics } from '../metrics/metrics.ts';
import { openListeners, type Listeners } from '../server/listeners.ts';
import { guardProcess } from './process-guard.ts';
import type { StopSignals } from './signals.ts';
import { startWatchdog } from './watchdog.ts';

export interface ServeOptions {
  readonly program: ProgramContext;
  readonly config: Config;
  readonly plugins: readonly Plugin[];
  readonly signals: StopSignals;
}

/** Time the last log lines have to leave. Milliseconds. */
const FLUSH_TIME = 1_000;
/** Of the grace period, what requests that are being received may take. Milliseconds. */
const ANSWER_TIME = 2_000;
/** What is left after a second request to stop. Milliseconds. */
const INSISTED_TIME = 1_000;

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
  const guard = program.process && guardProcess(program.process, logger, () => metrics.uncaughtError());
  const watchdog =
    program.process && host.watchdog_seconds > 0 ? startWatchdog(host.watchdog_seconds * 1000) : undefined;
  try {
    const directory = dataDirectory(host.data_directory, program.environment, program.homeDirectory);
    const engine = await untilStopped(
      signals,
      startEngine({
        plugins,
        settings: engineSettings(config, directory),
        logger,
        observer: metrics.observer,
        environment: { variables: program.environment, homeDirectory: program.homeDirectory },
      }),
    );
    if (engine === 'stopped') return 0;
    metrics.watch({ queueDepth: () => engine.queueDepth(), droppedLogLines: () => destination.dropped() });
    return await run({
      config,
      engine,
      logger,
      metrics,
      signals,
      program,
      directory,
      alive: () => watchdog?.alive(),
      plugins: plugins.map(({ name }) => name),
    });
  } catch (error) {
    printProblems(
      program,
      errorText(error)
        .split('\n')
        .map((line) => printable(line)),
    );
    return 1;
  } finally {
    await watchdog?.stop();
    await destination.flush(FLUSH_TIME);
    guard?.release();
  }
}

interface Running {
  readonly config: Config;
  readonly engine: Engine;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly signals: StopSignals;
  readonly program: ProgramContext;
  readonly directory: string;
  /** Tells the watchdog that something runs. */
  readonly alive: () => void;
  /** Names. */
  readonly plugins: readonly string[];
}

async function run(running: Running): Promise<ExitCode> {
  const { config, engine, logger, signals, program } = running;
  const grace = config.host.shutdown_grace_period * 1000;
  let stopping = false;
  let listeners: Listeners;
  try {
    listeners = await openListeners({ ...running, stopping: () => stopping });
  } catch (error) {
    await engine.stop(0);
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
    data_directory: running.directory,
    rules_version: engine.rulesVersion(),
  });

  const signal = await signals.requested;
  stopping = true;
  logger.info('server stopping', { signal, grace_seconds: config.host.shutdown_grace_period });
  const deadline = performance.now() + grace;
  const end = stop(listeners, engine, deadline).then(() => 'stopped' as const);
  const timers = new AbortController();
  const late = (milliseconds: number) =>
    delay(milliseconds, 'late' as const, { signal: timers.signal }).catch(() => 'late' as const);
  const result = await Promise.race([end, signals.insisted.then(() => late(INSISTED_TIME)), late(grace)]);
  timers.abort();
  if (result === 'stopped') logger.info('server stopped');
  else logger.error('server stopped with work unfinished', { reason: 'the grace period is over' });
  return result === 'stopped' ? 0 : 1;
}

async function stop(listeners: Listeners, engine: Engine, deadline: number): Promise<void> {
  await listeners.closeIntake(Math.min(ANSWER_TIME, (deadline - performance.now()) / 2));
  await engine.stop(Math.max(0, deadline - performance.now()));
  await listeners.close();
}

/** The engine, unless a request to stop comes while it starts: it is then stopped as soon as it is there. */
async function untilStopped(signals: StopSignals, starting: Promise<Engine>): Promise<Engine | 'stopped'> {
  const first = await Promise.race([starting, signals.requested.then(() => 'stopped' as const)]);
  if (first !== 'stopped') return first;
  const stopped = starting.then(
    (engine) => engine.stop(0),
    () => {},
  );
  await Promise.race([stopped, delay(ANSWER_TIME)]);
  return 'stopped';
}
