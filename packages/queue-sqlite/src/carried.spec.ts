import { ENTRY_KINDS, isOfAttempt } from '@falco-talon/core';
import { expect, it } from 'vitest';
import { carried } from './carried.ts';

it('leaves out what the contract says speaks of an attempt, and nothing else', () => {
  const journal = ENTRY_KINDS.map((kind) => ({ kind }));
  expect(carried(journal)).toEqual(journal.filter((entry) => !isOfAttempt(entry)));
});
