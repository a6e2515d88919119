import type { OutcomeRecord } from '@falco-talon/core';

const MAX_TEXT = 4 * 1024;

/** What people are told of a storm brake; a failure when it is engaged, since somebody should look. */
export function brakeRecord(
  { rule, event, traceId }: { readonly rule: string; readonly event: string; readonly traceId: string },
  said: Pick<OutcomeRecord, 'status' | 'error' | 'result'>,
  time: number,
): OutcomeRecord {
  return {
    time: new Date(time).toISOString(),
    trace_id: traceId,
    rule,
    event: event.slice(0, MAX_TEXT).toWellFormed(),
    message: 'storm brake',
    stage: 'guard',
    ...said,
  };
}
