import { expect, it } from 'vitest';
import { singularKind } from './target.ts';

it.each([
  ['pods', 'pod'],
  ['networkpolicies', 'networkpolicy'],
  ['NetworkPolicies.networking.k8s.io', 'networkpolicy'],
  ['ingresses', 'ingress'],
  ['Ingress', 'ingress'],
  ['StorageClass', 'storageclass'],
  ['storageclasses', 'storageclass'],
  ['s', 's'],
  ['', ''],
])('%s is %s', (spelling, kind) => {
  expect(singularKind(spelling)).toBe(kind);
});
