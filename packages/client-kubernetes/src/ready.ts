import { isTalonError } from '@falco-talon/core';
import type { Limits } from './limits.ts';
import { perform, type Session } from './transport/call.ts';

/**
 * Asks the API server whether it is ready, with our credentials, which it refuses with 401 when they are no longer good. A
 * server that does not serve or allow /readyz is asked for its version.
 * @throws TalonError
 */
export async function checkReady(session: Session, limits: Limits, signal: AbortSignal): Promise<void> {
  const short = { ...limits, attempts: 1, attemptTime: limits.readyTime, callTime: 2 * limits.readyTime };
  const ask = (path: string) =>
    perform(session, { method: 'GET', path, accept: '*/*', verb: 'get', resource: path, signal }, short);
  try {
    await ask('/readyz');
  } catch (error) {
    const unserved = isTalonError(error) && ['forbidden', 'unsupported', 'target_gone'].includes(error.code);
    if (!unserved) throw error;
    await ask('/version');
  }
}
