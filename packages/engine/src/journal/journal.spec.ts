import type { OutcomeRecord } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { STEP } from '../act/testing-step.ts';
import { entries, readJournal } from './journal.ts';

const record = (result: string) => ({ status: 'success', result }) as OutcomeRecord;
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
  expect(journal.result('a')).toEqual({ record: record('done'), artifacts: [] });
  expect(journal.result('b')).toBeUndefined();
  expect([journal.delivered('a', 0), journal.delivered('a', 1), journal.delivered('b', 1)]).toEqual([
    undefined,
    record('stored'),
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
  expect(journal.result('a')?.record).toEqual(record('new'));
});

it('an intent that was withdrawn does not stand, until there is another one', () => {
  const journal = [entries.intent('a', { uid: 'u' }), entries.withdrawn('a', { uid: 'u' })];
  expect(readJournal(journal).intent('a')).toEqual({ facts: { uid: 'u' }, withdrawn: true });
  expect(readJournal([...journal, entries.intent('a', { uid: 'u' })]).intent('a')).toEqual({ facts: { uid: 'u' } });
});

const ARTIFACT = {
  name: 'log',
  mediaType: 'x',
  file: 'f'.repeat(64),
  bytes: 1,
  sha256: 'h',
  truncated: false,
  keptAt: 1.5,
};

describe('a journal of another version', () => {
  const chains = [{ rule: 'rule', steps: [STEP] }];
  const read = (written: unknown) => readJournal(JSON.parse(JSON.stringify([written]))).problem;

  it('is read when it has every key this version needs, and none it does not know', () => {
    const artifact = ARTIFACT;
    const output = { target: 'spec:store', parameters: { bucket: 'b' }, wait: true };
    const written = [
      entries.plan({ ruleSet: 'v', chains: [{ rule: 'rule', steps: [STEP, { ...STEP, output }] }] }),
      entries.intent('a', { uid: 'u' }),
      entries.withdrawn('a', { uid: 'u' }),
      entries.kept('a', 0, artifact),
      entries.result('a', { record: record('done'), artifacts: [artifact] }),
      entries.delivered('a', 0, record('stored')),
      entries.notified('a', 'action'),
      entries.postponed('stopped'),
    ];
    const journal = readJournal(JSON.parse(JSON.stringify(written)));
    expect(journal.problem).toBeUndefined();
    expect([...journal.kept('a')]).toEqual([[0, artifact]]);
    expect(journal.kept('b').size).toBe(0);
  });

  it.each(Object.keys(STEP))('says that a step without %s cannot be run', (key) => {
    const { [key as 'rule']: _, ...step } = STEP;
    expect(read({ step: '', kind: 'plan', data: { ruleSet: 'v', chains: [{ rule: 'rule', steps: [step] }] } })).toMatch(
      `its journal's plan cannot be read: chains: 0: steps: 0: ${key} is missing`,
    );
  });

  it('says that a key it does not know may be one that forbids to act', () => {
    const steps = [{ ...STEP, approval: 'needed' }];
    expect(read({ step: '', kind: 'plan', data: { ruleSet: 'v', chains: [{ rule: 'rule', steps }] } })).toContain(
      'unknown key "approval"',
    );
    expect(read({ step: 'a', kind: 'approval', data: {} })).toBe(
      'its journal has an entry of the unknown kind "approval"',
    );
  });

  it.each([
    ['plan', null],
    ['plan', { chains }],
    ['result', { record: {}, artifacts: [] }],
    ['result', { record: record('done') }],
    ['delivered', { record: record('done') }],
    ['intent', []],
    ['kept', null],
    ['kept', { n: 0, artifact: {} }],
    ['kept', { n: 0, artifact: { ...ARTIFACT, file: '../queue.db' } }],
    ['result', { record: record('done'), artifacts: [{ ...ARTIFACT, file: '/etc/passwd' }] }],
  ])('says that a %s of %j cannot be read', (kind, data) => {
    expect(read({ step: 'a', kind, data })).toContain(`its journal's ${kind} cannot be read`);
  });
});

it('is read in one pass, however many steps ask', () => {
  const count = 2000;
  const written = Array.from({ length: count }, (_, n) => entries.intent(`step-${n}`, { n }));
  let reads = 0;
  const counted = written.map((entry) => ({
    ...entry,
    get step() {
      reads++;
      return entry.step;
    },
  }));
  const journal = readJournal(counted);
  for (let n = 0; n < count; n++) expect(journal.intent(`step-${n}`)?.facts).toEqual({ n });
  expect(reads).toBeLessThan(3 * count);
});
