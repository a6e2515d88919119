import { expect, it } from 'vitest';
import { callCases, PLUGINS } from './call-cases.ts';

it('counts the calls of every actionner', () => {
  const all = PLUGINS.flatMap(({ category, actionners = [] }) => actionners.map(({ name }) => `${category}:${name}`));
  const counted = callCases.map(({ category = 'kubernetes', action }) => `${category}:${action}`);
  expect([...new Set(counted)].toSorted()).toEqual(all.toSorted());
});
