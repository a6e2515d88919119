import type { Entry } from '@falco-talon/core';
import { afterEach, describe, expect, it } from 'vitest';
import { CURRENT, ORIGINAL, PUT_OFF, type Written } from './journal-formats.fixture.ts';
import { found } from './testing-delivery.ts';
import { engines, RULE } from './testing-world.ts';

const { start, closeAll } = engines();
afterEach(closeAll);

const rules = RULE.replace('say: a }', 'say: a }, output: { target: spec:memory, parameters: {} }');
const actionner = { idempotent: false, settled: async () => 'done' as const };

it('the journal is written as the fixture of today says: another one needs a fixture of its own', async () => {
  const { written, settled } = await found(start, { rules, actionner, attempt: 1 });
  await settled;
  expect(inOrder(comparable(written))).toEqual(inOrder(CURRENT));
});

describe.each([
  ['of today', CURRENT],
  ['of the first version', ORIGINAL],
  ['of an event that was put off when a step was about to act', PUT_OFF],
])('a journal %s', (_, journal) => {
  it('is read: what is done is not done again, and nobody is told again', async () => {
    const { world, engine, settled } = await found(start, { rules, actionner, journal });
    expect(await settled).toEqual({ kind: 'done' });
    expect([world.log, world.told, engine.records]).toEqual([[], [], []]);
  });

  it('is gone on with at the step it ends in, which is asked whether it was done', async () => {
    const until = journal.findIndex(({ step, kind }) => kind === 'result' && step.includes('second'));
    const { world, engine, settled } = await found(start, { rules, actionner, journal: journal.slice(0, until) });
    expect(await settled).toEqual({ kind: 'done' });
    expect(world.log).toEqual([]);
    expect(engine.records).toMatchObject([
      { action: 'second', status: 'success', result: 'done by an earlier attempt' },
    ]);
  });
});

// The reason it was put off with is for people: nothing depends on it.
const binding = PUT_OFF.filter(({ kind }) => kind !== 'postponed');
describe.each(binding.map((entry) => [entry.kind, entry.step, entry] as const))(
  'of a later version, a journal whose %s of step "%s"',
  (_, __, entry) => {
    it.each([
      ['is of another kind', { ...entry, kind: 'approval' }],
      [
        'says more',
        { ...entry, data: typeof entry.data === 'object' ? { ...entry.data, later: true } : { later: true } },
      ],
      ['says something else', { ...entry, data: 5 }],
    ])('%s is set aside, and nothing acts', async (_, changed) => {
      const journal = PUT_OFF.slice(0, PUT_OFF.indexOf(entry)).concat(changed);
      const { world, settled } = await found(start, { rules, actionner, journal });
      expect(await settled).toEqual({ kind: 'dead', reason: expect.stringMatching(/^its journal/) });
      expect(world.log).toEqual([]);
    });
  },
);

/** Without what differs from run to run. */
function comparable(written: readonly Entry[]): readonly Written[] {
  const text = JSON.stringify(written)
    .replaceAll(/"time":"[^"]+"/g, '"time":"TIME"')
    .replaceAll(/"keptAt":\d+/g, '"keptAt":0')
    .replaceAll(/"key":"\d{4}-[^"]+"/g, '"key":"KEY"')
    .replaceAll(/"(ruleSet|rules_version)":"[0-9a-f]+"/g, '"$1":"VERSION"');
  return JSON.parse(text) as readonly Written[];
}

/** Of one step; uploads and the next step go on side by side. */
function inOrder(entries: readonly Written[]): readonly Written[] {
  const key = ({ step, kind, data }: Written) => `${step} ${kind} ${JSON.stringify(data)}`;
  return entries.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
