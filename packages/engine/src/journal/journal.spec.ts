import type { OutcomeRecord } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { entries, readJournal } from './journal.ts';

const record = (result: string) => ({ result }) as OutcomeRecord;
const plan = { ruleSet: 'v', chains: [] };

it('knows nothing at first', () => {
  const journal = readJournal([]);
  expect([
    journal.plan,
    journal.intent('a'),
    journal.result('a'),
    journal.delivered('a', 0),
    journal.notified('a', 'action'),
  ]).toEqual([undefined, undefined, undefined, undefined, false]);
});

it('reads back what was written, by step, after a trip through JSON', () => {
  const written = [
    entries.plan(plan),
    entries.intent('a', { uid: 'u' }),
    entries.intent('b', undefined),
    entries.result('a', { record: record('done'), artifacts: [] }),
    entries.delivered('a', 1, record('stored')),
    entries.notified('a', 'output-1'),
  ];
  const journal = readJournal(JSON.parse(JSON.stringify(written)));
  expect(journal.plan).toEqual(plan);
  expect(journal.intent('a')).toEqual({ facts: { uid: 'u' } });
  expect(journal.intent('b')).toEqual({ facts: {} });
  expect(journal.result('a')).toEqual({ record: { result: 'done' }, artifacts: [] });
  expect(journal.result('b')).toBeUndefined();
  expect([journal.delivered('a', 0), journal.delivered('a', 1), journal.delivered('b', 1)]).toEqual([
    undefined,
    { result: 'stored' },
    undefined,
  ]);
  expect([
    journal.notified('a', 'action'),
    journal.notified('a', 'output-1'),
    journal.notified('b', 'output-1'),
  ]).toEqual([false, true, false]);
});

it('the last intent and result count', () => {
  const journal = readJournal([
    entries.intent('a', { uid: 'old' }),
    entries.intent('a', { uid: 'new' }),
    entries.result('a', { record: record('old'), artifacts: [] }),
    entries.result('a', { record: record('new'), artifacts: [] }),
  ]);
  expect(journal.intent('a')?.facts).toEqual({ uid: 'new' });
  expect(journal.result('a')?.record).toEqual({ result: 'new' });
});
