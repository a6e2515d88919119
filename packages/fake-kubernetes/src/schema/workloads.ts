import type { Schema, StructSchema } from './schema.ts';
import { list, struct } from './schema.ts';
import { labelSelector, objectSchema } from './metadata.ts';
import { conditions, podTemplate } from './pod.ts';

function workload(kind: string, fields: Readonly<Record<string, Schema>>): StructSchema {
  return objectSchema(kind, {
    spec: struct(`${kind}Spec`, { replicas: 'integer', selector: labelSelector, template: podTemplate, ...fields }),
    status: { ...struct(`${kind}Status`, { conditions }), open: true },
  });
}

export const deploymentSchema = workload('Deployment', {
  strategy: 'any',
  minReadySeconds: 'integer',
  revisionHistoryLimit: 'integer',
  paused: 'flag',
  progressDeadlineSeconds: 'integer',
});
export const replicaSetSchema = workload('ReplicaSet', { minReadySeconds: 'integer' });
export const daemonSetSchema = workload('DaemonSet', {
  updateStrategy: 'any',
  minReadySeconds: 'integer',
  revisionHistoryLimit: 'integer',
});
export const statefulSetSchema = workload('StatefulSet', {
  volumeClaimTemplates: list('any'),
  serviceName: 'string',
  podManagementPolicy: 'string',
  updateStrategy: 'any',
  revisionHistoryLimit: 'integer',
  minReadySeconds: 'integer',
  persistentVolumeClaimRetentionPolicy: 'any',
  ordinals: 'any',
});
export const jobSchema = workload('Job', {
  parallelism: 'integer',
  completions: 'integer',
  activeDeadlineSeconds: 'integer',
  podFailurePolicy: 'any',
  successPolicy: 'any',
  backoffLimit: 'integer',
  backoffLimitPerIndex: 'integer',
  maxFailedIndexes: 'integer',
  manualSelector: 'boolean',
  ttlSecondsAfterFinished: 'integer',
  completionMode: 'string',
  suspend: 'boolean',
  podReplacementPolicy: 'string',
  managedBy: 'string',
});
