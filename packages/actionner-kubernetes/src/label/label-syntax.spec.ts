import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelKeyProblem, labelValueProblem } from './label-syntax.ts';

describe('label syntax', () => {
  it.each(['app', 'a', 'A_b.c-d', 'analysis/status', 'app.kubernetes.io/name', `${'p'.repeat(253)}/${'n'.repeat(63)}`])(
    'lets the key %s through',
    (key) => {
      expect(labelKeyProblem(key)).toBeUndefined();
    },
  );

  it('leaves a key with ~ to the API server', () => {
    expect(labelKeyProblem('a~1b')).toBeUndefined();
  });

  it.each([
    ['', 'its name must have 1 to 63'],
    ['bad key', 'its name must have 1 to 63'],
    ['-app', 'its name must have 1 to 63'],
    ['app.', 'its name must have 1 to 63'],
    ['n'.repeat(64), 'its name must have 1 to 63'],
    ['prefix/', 'its name must have 1 to 63'],
    ['a/b/c', 'its name must have 1 to 63'],
    ['/name', 'must be a DNS name'],
    ['Upper.case/name', 'must be a DNS name'],
    ['under_score/name', 'must be a DNS name'],
    [`${'p'.repeat(254)}/n`, 'must be a DNS name'],
    ['__proto__', 'its name must have 1 to 63'],
  ])('says what is wrong with the key %j', (key, problem) => {
    expect(labelKeyProblem(key)).toContain(problem);
  });

  it.each(['', 'a', 'suspicious', 'V1.2_3-x', 'v'.repeat(63)])('lets the value %j through', (value) => {
    expect(labelValueProblem(value)).toBeUndefined();
  });

  it.each([' ', 'two words', '-a', 'a-', 'ü', 'a/b', 'v'.repeat(64), 'line\n'])('refuses the value %j', (value) => {
    expect(labelValueProblem(value)).toContain("cannot be a label's value");
  });

  it('says that tokens are not filled in', () => {
    expect(labelValueProblem('${PROC_NAME}')).toContain('values of the event are not filled in here');
  });

  it('judges long hostile texts in no time and quotes only their beginning', () => {
    fc.assert(
      fc.property(fc.constantFrom('-', 'a', '.', 'a.', '_'), fc.integer({ min: 1000, max: 100_000 }), (unit, times) => {
        const text = unit.repeat(times);
        expect(labelKeyProblem(`${text}/${text}`)!.length).toBeLessThan(400);
        expect(labelValueProblem(text)!.length).toBeLessThan(400);
      }),
      { numRuns: 20 },
    );
  });
});
