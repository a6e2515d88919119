import { describe, expect, it } from 'vitest';
import { droppedLabel } from './identity-labels.ts';

describe('a selector Cilium compares', () => {
  it.each([
    [{ matchLabels: { app: 'web', 'app.kubernetes.io/name': 'web', 'k8s-app': 'x' } }],
    [{ matchLabels: { 'example.com/pod-template-hash': '1', 'batch.kubernetes.io/job-name': 'x' } }],
  ])('can be %j', (selector) => {
    expect(droppedLabel(selector)).toBeUndefined();
  });

  it.each([
    ['pod-template-hash', { matchLabels: { app: 'web', 'pod-template-hash': '1' } }],
    ['batch.kubernetes.io/controller-uid', { matchLabels: { 'batch.kubernetes.io/controller-uid': '1' } }],
    ['controller-uid', { matchLabels: { 'controller-uid': '1' } }],
    ['failure-domain.beta.kubernetes.io/zone', { matchLabels: { 'failure-domain.beta.kubernetes.io/zone': 'a' } }],
    ['kubernetes.io/arch', { matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'Exists' }] }],
  ])('names no %s', (label, selector) => {
    expect(droppedLabel(selector)).toContain(`does not compare the label ${label} of`);
  });
});
