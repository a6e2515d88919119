import type { TalonError } from '@falco-talon/core';
import { expect } from 'vitest';

interface Ended {
  readonly status: string;
  readonly error: TalonError | undefined;
}

/** The engine must be able to tell "stopped" from "broken": an abort never ends in `plugin_failed`. */
export function expectAborted(end: Ended | PromiseSettledResult<Ended>): void {
  if (end.status === 'rejected') throw (end as PromiseRejectedResult).reason;
  const ended = 'value' in end ? end.value : (end as Ended);
  expect(ended.status).toBe('failure');
  expect(['aborted', 'timeout', 'outcome_unknown']).toContain(ended.error?.code);
}
