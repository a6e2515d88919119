import { TalonError, type Logger } from '@falco-talon/core';

/** The parts of `process` the guard takes hold of. */
export type GuardedProcess = Pick<NodeJS.Process, 'on' | 'off' | 'exit' | 'abort'>;

export interface ProcessGuard {
  /** Gives the process back its own ways to end. */
  release(): void;
}

/**
 * Keeps a plugin from ending the process: errors nobody caught are logged and counted, and `process.exit` throws at its
 * caller instead.
 */
export function guardProcess(target: GuardedProcess, logger: Logger, uncaught: () => void): ProcessGuard {
  const allowExit = refuseExit(target);
  const onUncaught = (error: unknown, origin: string) => {
    uncaught();
    logger.error('uncaught error', { origin, error, stack: firstFrames(error) });
  };
  // Without a listener of its own, an unhandled rejection arrives here too.
  target.on('uncaughtException', onUncaught);
  return {
    release() {
      allowExit();
      target.off('uncaughtException', onUncaught);
    },
  };
}

/** Makes `process.exit` and `process.abort` throw at their caller, until the returned function is called. */
export function refuseExit(target: Pick<GuardedProcess, 'exit' | 'abort'>): () => void {
  const { exit, abort } = target;
  const refuse = (call: string) => (): never => {
    throw new TalonError('plugin_failed', `a plugin called ${call}; the process keeps running`);
  };
  target.exit = refuse('process.exit');
  target.abort = refuse('process.abort');
  return () => {
    target.exit = exit;
    target.abort = abort;
  };
}

/** Which plugin it was stands in the stack only. */
function firstFrames(error: unknown): readonly string[] | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined;
  return error.stack
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, 5)
    .map((line) => line.trim());
}
