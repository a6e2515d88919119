import { describe, expect, it } from 'vitest';
import { selectorText } from './selector.ts';

describe('a selector in the language of Calico', () => {
  it('says what labels and expressions say', () => {
    const selector = {
      matchLabels: { app: 'web', 'app.kubernetes.io/name': '', 'example.com/a_b-c': '1.0' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['front', 'back'] },
        { key: 'track', operator: 'NotIn', values: ['canary'] },
        { key: 'team', operator: 'Exists' },
        { key: 'debug', operator: 'DoesNotExist' },
      ],
    };
    expect(selectorText(selector)).toBe(
      "app == 'web' && app.kubernetes.io/name == '' && example.com/a_b-c == '1.0' && tier in { 'front', 'back' } && track not in { 'canary' } && has(team) && !has(debug)",
    );
    expect(selectorText({})).toBe('all()');
  });

  it('keeps every value inside its quotes', () => {
    expect(selectorText({ matchLabels: { app: "x' || all() || a == 'y" } })).toBe(`app == "x' || all() || a == 'y"`);
    expect(selectorText({ matchLabels: { app: 'x" || all()' } })).toBe(`app == 'x" || all()'`);
  });

  it.each([
    [{ matchLabels: { app: `'"` } }, 'both kinds of quotes'],
    [{ matchLabels: { 'a) || all(': 'x' } }, 'cannot be a label'],
    [{ matchExpressions: [{ key: 'a || all()', operator: 'Exists' }] }, 'cannot be a label'],
    [{ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] }, 'operator "Gt"'],
    [{ matchLabels: { app: 'x'.repeat(1100) } }, 'longer than the 1024 characters'],
  ])('is refused for %j', (selector, why) => {
    expect(() => selectorText(selector)).toThrow(why);
  });
});
