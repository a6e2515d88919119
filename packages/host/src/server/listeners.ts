import { TalonError, type Logger } from '@falco-talon/core';
import { watchFiles, type Engine } from '@falco-talon/engine';
import { doorSettings, intakeLimits, intakeServer, monitoringServer } from '../config/engine-settings.ts';
import type { Config } from '../config/load-config.ts';
import { openDoor, type Door } from '../door/door.ts';
import { isLoopback, openDoorProblem } from '../door/door-problems.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { createEntrance, listenerOf } from './entrance.ts';
import { createIntake } from './intake.ts';
import { ownAddress } from './own-address.ts';
import { createNoRoutes, createRoutes } from './routes.ts';
import { startServer, type RunningServer } from './server.ts';
import { createHandoverIntake, HANDOVER_PATH } from './take-handover.ts';

export interface ListenersDeps {
  readonly config: Config;
  /** Where this process keeps its data. */
  readonly directory: string;
  readonly engine: Pick<Engine, 'ingest' | 'ready' | 'replicas'>;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** True from the moment the process is told to stop: it is not ready any more. */
  readonly stopping: () => boolean;
  /** True from the moment alerts are not taken any more. */
  readonly refusing: () => boolean;
  /** Tells the watchdog that something runs. */
  readonly alive: () => void;
}

export interface Listeners {
  readonly port: number;
  /** Undefined: that of the alerts. */
  readonly monitoringPort: number | undefined;
  /**
   * It can be reached now, so it may lead. Asks the service the replicas choose through.
   * @throws TalonError when it cannot be a candidate
   */
  join(): Promise<void>;
  /** Ends what takes alerts; with a port of their own, probes and metrics are answered further on. */
  closeIntake(grace: number): Promise<void>;
  /** The rest. */
  close(): Promise<void>;
}

/**
 * Everything this process listens on.
 * @throws TalonError `invalid_config` in one sentence when it cannot
 */
export async function openListeners(deps: ListenersDeps): Promise<Listeners> {
  const { config, engine, logger, metrics, stopping, refusing, alive } = deps;
  let alerts: RunningServer | undefined;
  let joined = false;
  const addressOf = (port: number, certificate: Uint8Array | undefined) =>
    ownAddress({
      advertised: config.host.advertise_address,
      listenAddress: config.host.listen_address,
      port,
      certificate,
      variables: deps.variables,
    });
  const door = await openDoor(doorSettings(config, deps.directory), {
    logger,
    renewed(material) {
      alerts?.renew(material);
      if (alerts && joined) void engine.replicas?.join(addressOf(alerts.port, material.cert)).catch(() => {});
    },
    watch: watchFiles,
    monotonic: () => performance.now(),
    now: () => Date.now(),
  });
  let monitoring: RunningServer | undefined;
  try {
    await refuseOpenDoor(door, config, logger);
    metrics.watchCertificate(() => door.certificateExpires());
    const routes = createRoutes({ engine, stopping, metrics, logger, now: () => performance.now() });
    const own = monitoringServer(config);
    const common = { logger, alive, counts: metrics };
    if (own) monitoring = await startServer(own, { ...common, handle: listenerOf(routes) });
    const refused = metrics.requestRefused.bind(metrics);
    const intake = createIntake({ engine, logger, stopping: refusing, limits: intakeLimits(config), refused });
    const entrance = createEntrance({ door, intake, routes: own ? createNoRoutes(logger) : routes, refused });
    const { replicas } = engine;
    const handover = replicas && createHandoverIntake({ takeOver: replicas.takeOver, logger, refusing, refused });
    alerts = await startServer(intakeServer(config), {
      ...common,
      handle(request, response, keep) {
        // Who keeps a connection open finds another replica only by opening a new one.
        if (stopping()) response.shouldKeepAlive = false;
        if (handover && request.url === HANDOVER_PATH) return void handover(request, response, keep);
        entrance(request, response, keep);
      },
      tls: door.tls,
    });
  } catch (error) {
    await Promise.all([door.close(0), alerts?.close(0), monitoring?.close(0)]);
    throw error;
  }
  const running = alerts;
  return {
    port: running.port,
    monitoringPort: monitoring?.port,
    async join() {
      await engine.replicas?.join(addressOf(running.port, door.tls?.cert));
      joined = true;
    },
    async closeIntake(grace) {
      await running.close(grace);
      await door.close(grace);
    },
    close: async () => monitoring?.close(0),
  };
}

/** Whoever can send alerts can make rules act. */
async function refuseOpenDoor({ isOpen }: Door, { host }: Config, logger: Logger): Promise<void> {
  if (!isOpen || (await isLoopback(host.listen_address))) return;
  if (host.intake.require_auth) {
    throw new TalonError('invalid_config', openDoorProblem(host.listen_address));
  }
  logger.warn('everybody who can reach this server can make its rules act: it takes alerts without authentication', {
    address: host.listen_address,
    remedy: 'set intake.auth or intake.tls.client_ca_file, and intake.require_auth so that it cannot be forgotten',
  });
}
