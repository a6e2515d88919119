import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { asTalonError, errorText, type Delivery, type Queue, type Scope } from '@falco-talon/core';
import { createHolds } from '../act/holds.ts';
import { createLanes } from '../act/lanes.ts';
import { createSlots } from '../act/slots.ts';
import { createClientPool } from '../clients/client-pool.ts';
import { openSpool } from '../deliver/spool.ts';
import { openBrake } from '../guard/brake/brake.ts';
import { steadyClock } from '../guard/brake/steady-clock.ts';
import { createJudge } from '../guard/judge.ts';
import { createProtects } from '../guard/protection.ts';
import { createFreshEvents } from '../ingest/fresh-events.ts';
import { createIngest, type Ingest } from '../ingest/ingest.ts';
import { lateIntake } from '../ingest/late-intake.ts';
import { createCauses } from '../notify/causes.ts';
import { chooseElection, openReplicaSet } from '../leader/replica-set.ts';
import { createNotifications } from '../notify/notifications.ts';
import { openQueue } from '../queue/open-queue.ts';
import { buildRegistry } from '../registry/registry.ts';
import type { Engine, EngineOptions, ReadyCheck } from './engine.ts';
import { keepAlive } from './keep-alive.ts';
import type { ProcessDeps } from './case.ts';
import { processEvent } from './process-event.ts';
import { createSuspects } from './suspects.ts';
import { openRules } from './rules-source.ts';
import { stopper } from './stop-engine.ts';

/** Handlers of one target at a time; its lane keeps their actions apart, this keeps a flood about it from filling the engine. */
const PER_KEY = 32;

/**
 * Starts everything between the intake and the outcomes: rules, the clients they use, then the queue.
 * @throws TalonError that lists every start-up problem
 */
export async function startEngine({
  plugins,
  settings,
  logger,
  observer,
  environment,
  sendHandover,
}: EngineOptions): Promise<Engine> {
  const now = Date.now;
  const registry = buildRegistry(plugins);
  const stopping = new AbortController();
  const consuming = new AbortController();
  const leaving = new AbortController();
  const { signal } = stopping;
  const scope: Scope = { signal, logger, now, span: (_, work) => work() };
  const { limits, sections } = settings;
  const pool = createClientPool({ clients: registry.clients, sections: sections.clients, environment, logger, now });
  const rules = await openRules({ registry, pool, settings, logger, observer });
  const spool = await openSpool(
    join(settings.dataDirectory, 'spool'),
    { artifactBytes: limits.artifactBytes, totalBytes: limits.spoolBytes },
    now,
  );
  const late = lateIntake();
  const { driver, queue } = await openQueue(settings, registry, scope, late.intake);
  if (!driver.durable)
    logger.warn('queue not durable: accepted alerts are lost when the process ends', { queue: driver.name });

  const notifications = createNotifications({ registry, sections: sections.notifiers, pool, observer, scope });
  const brake = await openBrake({
    budgets: settings.budgets,
    directory: settings.dataDirectory,
    clock: steadyClock(),
    scope,
    observer,
    tell: (record, notifiers) => notifications.submit(record, notifiers),
  });
  const causes = createCauses((record, notifiers) => notifications.submit(record, notifiers), scope);
  const deps: ProcessDeps = {
    registry,
    judge: createJudge({ registry, settings: sections.guards, observer }),
    protects: createProtects(sections.guards),
    pool,
    spool,
    settings,
    logger,
    observer,
    now,
    scope,
    signal,
    leaving: leaving.signal,
    closing: leaving.signal,
    lanes: createLanes(),
    holds: createHolds(),
    suspects: createSuspects(),
    slots: createSlots(limits.concurrency),
    longSlots: createSlots(limits.longConcurrency),
    uploadSlots: createSlots(limits.longConcurrency),
    attempts: limits.stepAttempts,
    generation: () => rules.current(),
    notifications,
    brake,
    observe: settings.mode === 'observe',
    causes,
    fresh: createFreshEvents(limits.inFlight),
    background: new Set(),
  };
  const chosen =
    sendHandover && (await chooseElection({ elections: registry.elections, settings, driver, environment, logger }));
  const replicas =
    chosen &&
    (await openReplicaSet({
      chosen,
      send: sendHandover,
      process: deps,
      queue,
      directory: driver.durable ? settings.dataDirectory : undefined,
      environment,
      signal: consuming.signal,
    }));
  const handle = replicas?.route ?? ((delivery: Delivery) => processEvent(delivery, deps));
  const alive = keepAlive();
  const consumption = consume(queue, consuming.signal, limits.inFlight, deps, async (delivery) => {
    try {
      await handle(alive.watch(delivery));
    } catch (error) {
      alive.drop(delivery);
      throw error;
    }
  });
  const ingest = createIngest({ queue, settings, observer, logger, now, fresh: deps.fresh });
  if (settings.watchRules) rules.watch();

  let stopped = false;
  const stop = stopper({
    queue,
    durable: driver.durable,
    held: {
      count: () => deps.holds.events + deps.suspects.waiting,
      end() {
        deps.holds.end();
        deps.suspects.end();
      },
    },
    // What is left here would wait for this replica, although another one acts.
    worksOff: !driver.durable || replicas !== undefined,
    logger,
    consuming,
    stopping,
    leaving,
    consumption,
    background: deps.background,
    close: [
      () => replicas?.close(),
      () => alive.close(),
      () => causes.close(),
      () => brake.close(),
      () => rules.close(),
      () => queue.close(),
    ],
  });

  const ingestUntilStopped: Ingest = (body, headers) =>
    stopped
      ? Promise.resolve({
          kind: 'refused',
          status: 503,
          code: 'aborted',
          detail: 'Falco Talon is stopping',
          retryAfter: 5,
        })
      : ingest(body, headers);
  late.open(ingestUntilStopped);

  return {
    registry,
    ingest: ingestUntilStopped,
    rulesVersion: () => rules.current().ruleSet.version,
    reload: () => rules.reload(),
    queueDepth: () => queue.depth(),
    spoolDepth: () => spool.depth(),
    ...(queue.deadLetters && { deadLetters: queue.deadLetters }),
    ...(replicas && { replicas }),
    async ready() {
      if (stopped) return [{ name: 'engine', ok: false, reason: 'Falco Talon is stopping' }];
      const queueCheck = await queue.ready().then(
        (): ReadyCheck => ({ name: 'queue', ok: true }),
        (error: unknown): ReadyCheck => ({ name: 'queue', ok: false, reason: asTalonError(error).message }),
      );
      const clients = await pool.ready(scope);
      return [
        queueCheck,
        ...clients.map(({ id, error }): ReadyCheck => ({
          name: `client ${id}`,
          ok: error === undefined,
          ...(error && { reason: error.message }),
        })),
      ];
    },
    stop(grace) {
      stopped = true;
      return stop(grace);
    },
  };
}

/** Consumes until the signal; a queue that fails is asked again, because what it holds must not be lost. */
async function consume(
  queue: Queue,
  signal: AbortSignal,
  inFlight: number,
  { logger }: Pick<ProcessDeps, 'logger'>,
  handle: (delivery: Delivery) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await queue.consume(
        async (delivery) => {
          try {
            await handle(delivery);
          } catch (error) {
            if (!signal.aborted)
              logger.error('event not processed', {
                event: delivery.message.id,
                trace_id: delivery.message.headers['trace-id'],
                error: errorText(error),
              });
            throw error;
          }
        },
        { inFlight, perKey: PER_KEY, signal },
      );
    } catch (error) {
      logger.error('queue does not deliver', { error: asTalonError(error).message });
    }
    if (!signal.aborted) await delay(1_000, undefined, { signal }).catch(() => {});
  }
}
