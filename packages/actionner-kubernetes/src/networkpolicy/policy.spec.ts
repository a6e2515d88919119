import { describe, expect, it } from 'vitest';
import { egressPolicy } from './policy.ts';

describe('the policy', () => {
  const policy = (allow_cidr: string[], allow_namespaces: string[]) =>
    egressPolicy('n', 'shop', { matchLabels: { app: 'web' } }, { allow_cidr, allow_namespaces }, { why: 'because' });

  it('blocks all egress, and only egress, when nothing is allowed', () => {
    expect(policy([], [])).toEqual({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: 'n',
        namespace: 'shop',
        labels: { 'app.kubernetes.io/managed-by': 'falco-talon' },
        annotations: { why: 'because' },
      },
      spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [] },
    });
  });

  it('allows ranges in the spelling the API wants, and namespaces by the label Kubernetes sets, each once', () => {
    const { spec } = policy(['10.1.2.3/8', '10.0.0.0/8', '2001:DB8::1'], ['monitoring', 'monitoring']);
    expect(spec.egress).toEqual([
      {
        to: [
          { ipBlock: { cidr: '10.0.0.0/8' } },
          { ipBlock: { cidr: '2001:db8::1/128' } },
          { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
        ],
      },
    ]);
  });
});
