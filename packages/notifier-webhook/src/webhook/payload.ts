import type { OutcomeRecord } from '@falco-talon/core';

/** The body of a request. The short form always has its four keys: whoever reads it relies on them. */
export function payload(record: OutcomeRecord, format: 'full' | 'short'): string {
  if (format === 'full') return JSON.stringify(record);
  return JSON.stringify({
    pod: record.objects?.['pod'] ?? '',
    namespace: record.objects?.['namespace'] ?? '',
    action: record.action ?? '',
    status: record.status,
  });
}
