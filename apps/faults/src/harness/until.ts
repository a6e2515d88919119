import { setTimeout as delay } from 'node:timers/promises';

/**
 * Looks again and again, where nothing can be awaited.
 * @throws the signal's reason when it is aborted first
 */
export async function until(holds: () => boolean | Promise<boolean>, signal: AbortSignal, every = 25): Promise<void> {
  while (!(await holds())) await delay(every, undefined, { signal });
}
