import { describe, expect, it } from 'vitest';
import { deniedRanges, policySpec, type CalicoPolicy } from './policy.ts';

const ALL = ['0.0.0.0/0', '::/0'];
const spec = (denied: readonly string[], allow_cidr: string[] = ALL, allow_namespaces: string[] = []) =>
  policySpec({ matchLabels: { app: 'web' } }, denied, { allow_cidr, allow_namespaces, order: 0 });
const stored = (value: unknown) => ({ metadata: {}, spec: value }) as unknown as CalicoPolicy;

describe('a policy of Calico', () => {
  it('denies first, by IP version, then allows', () => {
    const { egress } = spec(['192.0.2.1/32', '2001:db8::1/128', '192.0.2.2/32']);
    expect(egress.map(({ action }) => action)).toEqual(['Deny', 'Deny', ...Array.from({ length: 7 }, () => 'Allow')]);
    expect(egress.slice(0, 4)).toEqual([
      { action: 'Deny', destination: { nets: ['192.0.2.1/32', '192.0.2.2/32'] } },
      { action: 'Deny', destination: { nets: ['2001:db8::1/128'] } },
      { action: 'Allow', destination: { nets: ['0.0.0.0/0'] } },
      { action: 'Allow', destination: { nets: ['::/0'] } },
    ]);
  });

  it('keeps the pods of the cluster and DNS reachable when the outside is not', () => {
    expect(spec(['192.0.2.1/32'], []).egress.slice(1)).toEqual([
      { action: 'Allow', destination: { namespaceSelector: 'all()' } },
      ...['UDP', 'TCP'].map((protocol) => ({
        action: 'Allow',
        protocol,
        destination: { namespaceSelector: 'all()', ports: [53, 5353] },
      })),
      ...['UDP', 'TCP'].map((protocol) => ({
        action: 'Allow',
        protocol,
        destination: { nets: ['169.254.0.0/16'], ports: [53] },
      })),
    ]);
  });

  it('allows the pods of the namespaces the rule names, and DNS', () => {
    const namespaces = spec(['192.0.2.1/32'], [], ['shop', 'monitoring', 'shop']).egress.flatMap(({ destination }) =>
      'namespaceSelector' in destination ? [destination.namespaceSelector] : [],
    );
    expect(namespaces).toEqual([
      "projectcalico.org/name == 'shop'",
      "projectcalico.org/name == 'monitoring'",
      'all()',
      'all()',
    ]);
  });

  it('names at most 256 ranges in a rule, and reads them all again', () => {
    const denied = Array.from({ length: 600 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`);
    const made = spec(denied);
    const nets = made.egress.flatMap((rule) =>
      rule.action === 'Deny' && 'nets' in rule.destination ? [rule.destination.nets] : [],
    );
    expect(nets.map((list) => list?.length)).toEqual([256, 256, 88]);
    expect(deniedRanges(stored(made))).toEqual(denied);
  });

  it.each([
    [undefined],
    [{}],
    [{ egress: 'all' }],
    [{ egress: [null, 'x', {}, { action: 'Deny' }, { action: 'Deny', destination: { nets: [1, null] } }] }],
    [{ egress: [{ action: 'Allow', destination: { nets: ['192.0.2.1/32'] } }] }],
  ])('denies nothing when it is stored as %j', (value) => {
    expect(deniedRanges(stored(value))).toEqual([]);
  });
});
