import { expect, it } from 'vitest';
import { verdict, type Ran } from './verdict.ts';

const ran = (name: string, end: Ran['end']): Ran => ({ name, end });

it.each<[string, readonly Ran[], string, number]>([
  ['held', [ran('a', 'holds'), ran('b', 'holds')], 'every promise of 2 scenarios holds', 0],
  ['failed', [ran('a', 'holds'), ran('b', 'failed'), ran('c', 'failed')], 'failed: b, c', 1],
  [
    'was left out',
    [ran('a', 'holds'), ran('b', 'left out')],
    'every promise of 1 scenario holds; left out, and not shown: b',
    3,
  ],
  [
    'was left out in part',
    [ran('a', 'holds'), ran('b', 'left out'), ran('c', 'left out in part')],
    'every promise of 1 scenario holds; left out, and not shown: b, c (in part)',
    3,
  ],
  ['failed and was left out', [ran('a', 'failed'), ran('b', 'left out')], 'failed: a; left out, and not shown: b', 1],
])('a run in which something %s', (_, all, text, exitCode) => {
  expect(verdict(all)).toEqual({ text, exitCode });
});
