import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@falco-talon/core';
import type { Engine } from '@falco-talon/engine';
import type { ExitCode } from '../cli/command.ts';
import type { ControlServer } from '../control/control-server.ts';
import type { Listeners } from '../server/listeners.ts';
import type { StopSignals } from './signals.ts';

/** Of the grace period, what is left to the supervisor: it ends the process the hard way at its end. Milliseconds. */
const MARGIN = 2_000;
/** Of the rest, what the last log lines may take. */
const LINES = 300;
/** Of the grace period, what requests that are being received may take at most. */
const ANSWER_TIME = 2_000;
/** What is left after a second request to stop. */
const INSISTED_TIME = 1_000;

export interface StopInput {
  /** The signal that asked for it. */
  readonly signal: string;
  /** When it came: the supervisor has counted since then. On the clock of `performance.now()`. */
  readonly since: number;
  readonly signals: Pick<StopSignals, 'insisted'>;
  readonly listeners: Pick<Listeners, 'closeIntake' | 'close'>;
  readonly control: Pick<ControlServer, 'close'>;
  readonly engine: Pick<Engine, 'stop'>;
  readonly logger: Logger;
  /** Milliseconds until the supervisor ends the process. */
  readonly grace: number;
  /** Milliseconds during which alerts are still taken: so long others may take to notice that this server is not ready. */
  readonly delay: number;
  /** Called when alerts are not taken any more. */
  readonly refuse: () => void;
}

/** When a process has to be gone that was told to stop `since`. */
export function goneBy(since: number, grace: number): number {
  return since + grace - Math.min(MARGIN, grace / 2);
}

/**
 * Ends what runs, the reverse of the start, and is done before the grace period is over.
 * @returns 0 when every accepted alert is finished or goes on after the restart; `by`: when the process has to be gone
 */
export async function stopServer(input: StopInput): Promise<{ readonly code: ExitCode; readonly by: number }> {
  const { signal, signals, listeners, control, engine, logger, grace } = input;
  logger.info('server stopping', { signal, grace_seconds: grace / 1000 });
  let by = goneBy(input.since, grace);
  const left = () => Math.max(0, by - Math.min(LINES, grace / 10) - performance.now());

  const insisted = new AbortController();
  void signals.insisted.then((again) => {
    logger.info('server stopping at once', { signal: again });
    by = Math.min(by, performance.now() + INSISTED_TIME);
    insisted.abort();
    void listeners.closeIntake(0);
    void engine.stop(left());
  });

  // At a terminal nobody sends alerts elsewhere.
  const wait = signal === 'SIGINT' ? 0 : Math.min(input.delay, left() / 2);
  if (wait > 0) await delay(wait, undefined, { signal: insisted.signal }).catch(() => {});
  input.refuse();
  await Promise.all([control.close(), listeners.closeIntake(Math.min(ANSWER_TIME, left() / 4))]);
  const { unfinished, lost } = await engine.stop(left());
  await listeners.close();
  if (lost) {
    logger.error('server stopped, accepted alerts are lost', {
      alerts: unfinished,
      reason: 'the queue is not durable, and the grace period is over',
    });
  } else {
    logger.info('server stopped', unfinished === 0 ? {} : { goes_on_after_restart: unfinished });
  }
  return { code: lost ? 1 : 0, by };
}
