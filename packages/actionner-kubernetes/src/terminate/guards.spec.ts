import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OwnerReference } from '@falco-talon/client-kubernetes';
import type { Pod } from '../pod/pod.ts';
import { hasGuard, refusal, tooFewLeft, type Tally } from './guards.ts';
import type { Parameters } from './parameters.ts';

const none: Parameters = { ignore_daemonsets: false, ignore_statefulsets: false, ignore_standalone_pods: false };
const ownedBy = (kind: string): OwnerReference => ({
  apiVersion: 'apps/v1',
  kind,
  name: 'o',
  uid: 'u',
  controller: true,
});
const pod = (owner?: OwnerReference, annotations: Record<string, string> = {}): Pod => ({
  metadata: {
    name: 'p',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '1',
    annotations,
    ...(owner ? { ownerReferences: [owner] } : {}),
  },
});

describe('the guards of terminate', () => {
  it('are off by default, so that the pod need not be read', () => {
    expect(hasGuard(none)).toBe(false);
    expect(hasGuard({ ...none, ignore_daemonsets: true })).toBe(true);
    expect(hasGuard({ ...none, ignore_statefulsets: true })).toBe(true);
    expect(hasGuard({ ...none, ignore_standalone_pods: true })).toBe(true);
    expect(hasGuard({ ...none, min_healthy_replicas: 0 })).toBe(true);
  });

  it('leave pods of the kinds named alone, and no others', () => {
    expect(refusal(pod(ownedBy('DaemonSet')), { ...none, ignore_daemonsets: true })).toContain('ignore_daemonsets');
    expect(refusal(pod(ownedBy('StatefulSet')), { ...none, ignore_statefulsets: true })).toContain(
      'ignore_statefulsets',
    );
    expect(refusal(pod(), { ...none, ignore_standalone_pods: true })).toContain('ignore_standalone_pods');
    expect(refusal(pod(ownedBy('DaemonSet')), { ...none, ignore_statefulsets: true })).toBeUndefined();
    expect(refusal(pod(ownedBy('StatefulSet')), { ...none, ignore_daemonsets: true })).toBeUndefined();
    expect(refusal(pod(ownedBy('ReplicaSet')), { ...none, ignore_standalone_pods: true })).toBeUndefined();
    for (const owner of [undefined, ownedBy('DaemonSet'), ownedBy('StatefulSet')]) {
      expect(refusal(pod(owner), none)).toBeUndefined();
    }
  });

  it('count a reference that is no controller as no owner', () => {
    const { controller: _, ...reference } = ownedBy('ReplicaSet');
    expect(refusal(pod(reference), { ...none, ignore_standalone_pods: true })).toContain('ignore_standalone_pods');
  });

  it('leave mirror pods alone whatever the parameters', () => {
    expect(refusal(pod(ownedBy('Node'), { 'kubernetes.io/config.mirror': 'abc' }), none)).toContain('static pod');
  });

  const tally: Tally = {
    owner: 'ReplicaSet web',
    uid: 'u',
    resource_version: '1',
    read_at: 0,
    takes: 1,
    ready: 3,
    desired: 3,
    required: 2,
  };

  it('let the last termination through that leaves exactly enough', () => {
    expect(tooFewLeft(tally, 0)).toBeUndefined();
    expect(tooFewLeft(tally, 1)).toBe(
      'it would leave 1 healthy of the 3 replicas ReplicaSet web wants, min_healthy_replicas asks for 2',
    );
  });

  it('do not count a victim that is not healthy itself', () => {
    expect(tooFewLeft({ ...tally, ready: 2, takes: 0 }, 0)).toBeUndefined();
    expect(tooFewLeft({ ...tally, ready: 2, takes: 1 }, 0)).toBeDefined();
  });

  it('block exactly when fewer than required are left', () => {
    const number = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(number, number, fc.boolean(), number, (ready, required, healthy, others) => {
        const takes = healthy ? 1 : 0;
        const left = Math.max(0, ready - takes - others);
        expect(tooFewLeft({ ...tally, ready, required, takes }, others) !== undefined).toBe(left < required);
      }),
    );
  });
});
