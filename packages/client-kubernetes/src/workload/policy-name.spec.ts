import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { podLabelValue, policyName } from './policy-name.ts';

const POLICY_NAME = /^falco-talon-[a-z0-9]+-[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const podNames = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?){0,3}$/);

describe('names of policies', () => {
  it('tell kind and name', () => {
    expect(policyName('pod', 'cart-x2x9z')).toBe('falco-talon-pod-cart-x2x9z');
    expect(policyName('ReplicaSet', 'web')).toBe('falco-talon-replicaset-web');
  });

  it('are what the API accepts, for every pod there can be', () => {
    fc.assert(
      fc.property(podNames, (name) => {
        const policy = policyName('pod', name);
        expect(policy).toMatch(POLICY_NAME);
        expect(policy.length).toBeLessThanOrEqual(253);
        expect(podLabelValue(name)).toMatch(LABEL_VALUE);
        expect(podLabelValue(name).length).toBeLessThanOrEqual(63);
      }),
    );
  });

  it('differ for long names that begin alike', () => {
    const long = 'a'.repeat(252);
    expect(policyName('pod', `${long}1`)).not.toBe(policyName('pod', `${long}2`));
    expect(podLabelValue(`${long}1`)).not.toBe(podLabelValue(`${long}2`));
    expect(policyName('pod', `${long}1`)).toBe(policyName('pod', `${long}1`));
  });
});
