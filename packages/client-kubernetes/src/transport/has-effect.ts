import type { Call } from './call.ts';

/** Whether something may have changed when such a call was sent and no answer came. */
export function hasEffect(call: Call): boolean {
  return call.method !== 'GET' || call.effect === true;
}
