import { describe } from 'vitest';
import { consumeCases } from './consume-cases.ts';
import { crashCases } from './crash-cases.ts';
import { carriedJournalCases, deadLetterCases } from './dead-letter-cases.ts';
import { journalCases } from './journal-cases.ts';
import { modelCases } from './model-cases.ts';
import { publishCases } from './publish-cases.ts';
import type { QueueSuiteOptions } from './queue-harness.ts';

export type { OpenedQueue, QueueSuiteOptions } from './queue-harness.ts';

/**
 * Everything the contract says about a queue, as tests. One line in a spec:
 * `testQueue('memory', { durable: false, open: async () => ({ queue, reopen }) })`.
 *
 * Beyond the contract's words it holds every queue to one answer where there could be several: a handler that rejects
 * without having settled puts its message off, 200 ms at first and longer each time; a second `consume` beside a running one
 * is refused; of one key's messages those that are due go in the order they were accepted.
 */
export function testQueue(name: string, options: QueueSuiteOptions): void {
  describe(`queue ${name}`, { timeout: 20_000 }, () => {
    publishCases(options);
    consumeCases(options);
    journalCases(options);
    carriedJournalCases(options);
    if (options.deadLetters !== false) deadLetterCases(options);
    modelCases(options);
    if (options.durable) crashCases(options);
  });
}
