import { describe, expect, it } from 'vitest';
import { replicasOf } from './replicas.ts';

const owner = (spec: Record<string, unknown>, status: Record<string, unknown> = {}) => ({
  metadata: { name: 'o', uid: 'u', resourceVersion: '1' },
  spec,
  status,
});

describe('replicas of an owner', () => {
  it.each(['ReplicaSet', 'StatefulSet', 'ReplicationController'])('are counted for a %s', (kind) => {
    expect(replicasOf(kind, owner({ replicas: 3 }, { readyReplicas: 2, replicas: 3 }))).toEqual({
      ready: 2,
      desired: 3,
    });
  });

  it('are none ready when the API leaves the zero out, and one desired when nobody said how many', () => {
    expect(replicasOf('ReplicaSet', owner({}))).toEqual({ ready: 0, desired: 1 });
    expect(replicasOf('StatefulSet', owner({ replicas: 0 }))).toEqual({ ready: 0, desired: 0 });
  });

  it('of a Job are its parallelism, or the completions left when they are fewer', () => {
    expect(replicasOf('Job', owner({ parallelism: 4 }, { ready: 3 }))).toEqual({ ready: 3, desired: 4 });
    expect(replicasOf('Job', owner({ parallelism: 4, completions: 10 }, { ready: 2, succeeded: 8 }))).toEqual({
      ready: 2,
      desired: 2,
    });
    expect(replicasOf('Job', owner({}, {}))).toEqual({ ready: 0, desired: 1 });
  });

  it.each(['DaemonSet', 'Deployment', 'CloneSet', 'Node'])('are not counted for a %s', (kind) => {
    expect(replicasOf(kind, owner({ replicas: 3 }, { readyReplicas: 3 }))).toBeUndefined();
  });

  it('are not taken from values that are no counts', () => {
    expect(replicasOf('ReplicaSet', owner({ replicas: '3' }, { readyReplicas: -1 }))).toEqual({ ready: 0, desired: 1 });
  });
});
