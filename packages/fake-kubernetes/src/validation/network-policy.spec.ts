import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { isCidr, keyProblems, labelValueProblems, nameProblems } from './names.ts';
import { networkPolicyErrors } from './network-policy.ts';

function policy(spec: JsonObject): ApiObject {
  const metadata = { name: 'p', uid: '', resourceVersion: '', creationTimestamp: '' };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
}
const fields = (spec: JsonObject): readonly string[] => networkPolicyErrors(policy(spec)).map((error) => error.field);

describe('a NetworkPolicy', () => {
  it('may select by labels and expressions, and allow blocks of addresses', () => {
    const namespaceSelector = {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['a', 'b'] }],
    };
    const to = [{ namespaceSelector }, { ipBlock: { cidr: '10.0.0.0/8' } }, { ipBlock: { cidr: 'fd00::/8' } }];
    expect(
      fields({ podSelector: { matchLabels: { 'a.b/c': 'x' } }, egress: [{ to }], policyTypes: ['Egress'] }),
    ).toEqual([]);
  });

  it('is refused for each thing that is wrong, by its path', () => {
    const podSelector = { matchLabels: { 'bad key': 'x y' } };
    const namespaceSelector = {
      matchExpressions: [
        { key: 'a', operator: 'In' },
        { key: 'a', operator: 'Exists', values: ['x'] },
        { key: 'a', operator: 'Like' },
        { key: 'a', operator: 'NotIn', values: ['not valid!'] },
      ],
    };
    const ingress = [{ from: [{ podSelector }, { namespaceSelector }, { ipBlock: { cidr: '10.0.0.0/33' } }] }];
    expect(fields({ podSelector, ingress, policyTypes: ['Sideways'] })).toEqual([
      'spec.podSelector.matchLabels',
      'spec.podSelector.matchLabels',
      'spec.ingress[0].from[0].podSelector.matchLabels',
      'spec.ingress[0].from[0].podSelector.matchLabels',
      'spec.ingress[0].from[1].namespaceSelector.matchExpressions[0].values',
      'spec.ingress[0].from[1].namespaceSelector.matchExpressions[1].values',
      'spec.ingress[0].from[1].namespaceSelector.matchExpressions[2].operator',
      'spec.ingress[0].from[1].namespaceSelector.matchExpressions[3].values[0]',
      'spec.ingress[0].from[2].ipBlock.cidr',
      'spec.policyTypes[0]',
    ]);
  });
});

describe('names', () => {
  it.each([
    ['10.0.0.1/32', true],
    ['0.0.0.0/0', true],
    ['::/0', true],
    ['2001:db8::1/128', true],
    ['10.0.0.1', false],
    ['10.0.0.1/33', false],
    ['::1/129', false],
    ['10.0.0.1/', false],
    ['10.0.0.1/8/9', false],
    ['fe80::1%eth0/64', false],
    ['300.0.0.1/8', false],
  ])('%s is a CIDR: %s', (text, valid) => {
    expect(isCidr(text)).toBe(valid);
  });

  it('of objects follow the rule of their kind', () => {
    expect(nameProblems('subdomain', 'a.b-c')).toEqual([]);
    expect(nameProblems('subdomain', 'a'.repeat(254))).toEqual(['must be no more than 253 bytes']);
    expect(nameProblems('label', 'a.b')).toHaveLength(1);
    expect(nameProblems('path-segment', 'system:node')).toEqual([]);
    expect(nameProblems('path-segment', '..')).toEqual(["may not be '..'"]);
    expect(nameProblems('path-segment', 'a/b%')).toHaveLength(2);
  });

  it('of labels and annotations are limited', () => {
    expect(keyProblems('example.com/My.Name_1')).toEqual([]);
    expect(keyProblems('a/b/c')).toHaveLength(1);
    expect(keyProblems('/x')).toEqual(['prefix part must be non-empty']);
    expect(keyProblems('k'.repeat(64))).toEqual(['name part must be no more than 63 bytes']);
    expect(labelValueProblems('')).toEqual([]);
    expect(labelValueProblems('v'.repeat(64))).toEqual(['must be no more than 63 bytes']);
  });
});
