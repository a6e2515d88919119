import { describe, expect, it } from 'vitest';
import { openPolicies, openPoliciesText } from './open-policies.ts';
import type { NetworkPolicy } from './policy.ts';

const policy = (name: string, spec: NetworkPolicy['spec'] & object): NetworkPolicy => ({
  metadata: { name, uid: name, resourceVersion: '1' },
  spec,
});
const everything = [{}];
const all = {};

describe('policies that still allow egress', () => {
  it('are those that select the pod and have a rule for egress', () => {
    const policies = [
      policy('open', { podSelector: all, policyTypes: ['Ingress', 'Egress'], egress: everything }),
      policy('by-label', { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: everything }),
      policy('other-pods', {
        podSelector: { matchLabels: { app: 'db' } },
        policyTypes: ['Egress'],
        egress: everything,
      }),
      policy('denies', { podSelector: all, policyTypes: ['Egress'], egress: [] }),
      policy('denies-too', { podSelector: all, policyTypes: ['Egress'] }),
      policy('ingress-only', { podSelector: all, policyTypes: ['Ingress'], egress: everything }),
      policy('untyped', { podSelector: all, egress: everything }),
      policy('own', { podSelector: all, policyTypes: ['Egress'], egress: everything }),
    ];
    expect(openPolicies(policies, { app: 'web' }, 'own')).toEqual(['by-label', 'open', 'untyped']);
  });

  it('are named in the result, a bounded number of them', () => {
    expect(openPoliciesText([])).toBe('');
    expect(openPoliciesText(['a', 'b'])).toBe('; other policies still allow it egress: a, b');
    const many = Array.from({ length: 12 }, (_, index) => `p${index}`);
    expect(openPoliciesText(many)).toMatch(/p9 and 2 more$/);
  });
});
