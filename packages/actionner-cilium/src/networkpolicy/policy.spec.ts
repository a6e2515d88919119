import { describe, expect, it } from 'vitest';
import { deniedRanges, policySpec, type CiliumPolicy } from './policy.ts';

const selector = { matchLabels: { app: 'web' } };
const DNS = {
  toEntities: ['cluster'],
  toPorts: [
    {
      ports: [
        { port: '53', protocol: 'ANY' },
        { port: '5353', protocol: 'ANY' },
      ],
    },
  ],
};
const spec = (allow_cidr: string[], allow_namespaces: string[]) =>
  policySpec(selector, ['192.0.2.1/32', '2001:db8::1/128'], { allow_cidr, allow_namespaces });
const stored = (value: unknown) => ({ metadata: {}, spec: value }) as unknown as CiliumPolicy;

describe('a policy of Cilium', () => {
  it('denies, and allows the outside, the cluster and DNS', () => {
    expect(spec(['0.0.0.0/0', '::/0'], [])).toEqual({
      endpointSelector: selector,
      egressDeny: [{ toCIDR: ['192.0.2.1/32', '2001:db8::1/128'] }],
      egress: [{ toCIDR: ['0.0.0.0/0', '::/0'] }, { toEntities: ['cluster'] }, DNS],
    });
  });

  it('allows nothing outside when the rule names no ranges', () => {
    expect(spec([], []).egress).toEqual([{ toEntities: ['cluster'] }, DNS]);
  });

  it('allows the pods of the namespaces the rule names instead of the cluster, and DNS', () => {
    expect(spec(['10.1.2.3/8'], ['shop', 'monitoring', 'shop']).egress).toEqual([
      { toCIDR: ['10.0.0.0/8'] },
      {
        toEndpoints: ['shop', 'monitoring'].map((name) => ({
          matchLabels: { 'k8s:io.kubernetes.pod.namespace': name },
        })),
      },
      DNS,
    ]);
  });

  it.each([
    [undefined, []],
    [{}, []],
    [{ egressDeny: 'all' }, []],
    [{ egressDeny: [{}, { toCIDR: 'x', toCIDRSet: 'y' }, { toCIDR: [1], toCIDRSet: [{}] }] }, []],
    [
      { egressDeny: [{ toCIDR: ['192.0.2.1/32'] }, { toCIDRSet: [{ cidr: '192.0.2.2/32' }] }] },
      ['192.0.2.1/32', '192.0.2.2/32'],
    ],
  ])('is read from %j', (value, denied) => {
    expect(deniedRanges(stored(value))).toEqual(denied);
  });
});
