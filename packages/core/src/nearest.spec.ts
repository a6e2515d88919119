import { expect, it } from 'vitest';
import { didYouMean, nearest } from './index.ts';

const KNOWN = ['tail_lines', 'container', 'grace_period_seconds', 'ignore_daemonsets', 'labels', 'POST'];

it.each([
  ['tail_line', 'tail_lines'],
  ['tailLines', 'tail_lines'],
  ['TAIL-LINES', 'tail_lines'],
  ['lables', 'labels'],
  ['ignoreDaemonset', 'ignore_daemonsets'],
  ['gracePeriod', 'grace_period_seconds'],
  ['ignore', 'ignore_daemonsets'],
  ['post', 'POST'],
  ['nonsense', undefined],
  ['', undefined],
  ['x', undefined],
])('is near %j: %j', (word, expected) => {
  expect(nearest(word, KNOWN)).toBe(expected);
});

it('prefers the closest, then the first', () => {
  expect(nearest('kubernetes:lable', ['kubernetes:log', 'kubernetes:label'])).toBe('kubernetes:label');
  expect(nearest('cat', ['bat', 'hat'])).toBe('bat');
  expect(nearest('fo', ['ba'])).toBeUndefined();
  expect(nearest('desc', ['description', 'destination', 'described'])).toBeUndefined();
  expect(nearest('a', [])).toBeUndefined();
});

it('takes words of any length', () => {
  expect(nearest('a'.repeat(1_000_000), ['b'.repeat(1_000_000)])).toBeUndefined();
});

it('is what a message asks about, when there is one', () => {
  expect(`no such key${didYouMean('label')}`).toBe('no such key; did you mean label?');
  expect(didYouMean(undefined)).toBe('');
});
