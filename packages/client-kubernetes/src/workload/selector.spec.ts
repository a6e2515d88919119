import { describe, expect, it } from 'vitest';
import { isEmptySelector, selects, withoutKey, type LabelSelector } from './selector.ts';

const labels = { app: 'web', tier: 'front' };

describe('label selectors', () => {
  it.each<[string, LabelSelector, boolean]>([
    ['nothing asked', {}, true],
    ['all labels equal', { matchLabels: { app: 'web', tier: 'front' } }, true],
    ['one label differs', { matchLabels: { app: 'web', tier: 'back' } }, false],
    ['a label is absent', { matchLabels: { team: 'a' } }, false],
    ['In', { matchExpressions: [{ key: 'app', operator: 'In', values: ['api', 'web'] }] }, true],
    ['In, other value', { matchExpressions: [{ key: 'app', operator: 'In', values: ['api'] }] }, false],
    ['In, absent', { matchExpressions: [{ key: 'team', operator: 'In', values: ['a'] }] }, false],
    ['NotIn', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['api'] }] }, true],
    ['NotIn, that value', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    ['NotIn, absent', { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['a'] }] }, true],
    ['Exists', { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
    ['Exists, absent', { matchExpressions: [{ key: 'team', operator: 'Exists' }] }, false],
    ['DoesNotExist', { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] }, true],
    ['DoesNotExist, present', { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
    [
      'all must hold',
      { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] },
      false,
    ],
    ['an operator of the future counts as holding', { matchExpressions: [{ key: 'app', operator: 'Like' }] }, true],
    ['keys of Object.prototype are no labels', { matchExpressions: [{ key: 'toString', operator: 'Exists' }] }, false],
  ])('%s', (_, selector, expected) => {
    expect(selects(selector, labels)).toBe(expected);
  });

  it('knows the selector of everything', () => {
    expect(isEmptySelector({})).toBe(true);
    expect(isEmptySelector({ matchLabels: {}, matchExpressions: [] })).toBe(true);
    expect(isEmptySelector({ matchLabels: { a: 'b' } })).toBe(false);
    expect(isEmptySelector({ matchExpressions: [{ key: 'a', operator: 'Exists' }] })).toBe(false);
  });

  it('takes one key out of both halves', () => {
    const selector = {
      matchLabels: { app: 'web', hash: '1' },
      matchExpressions: [
        { key: 'hash', operator: 'Exists' },
        { key: 'tier', operator: 'In', values: ['front'] },
      ],
    };
    expect(withoutKey(selector, 'hash')).toEqual({
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }],
    });
  });
});
