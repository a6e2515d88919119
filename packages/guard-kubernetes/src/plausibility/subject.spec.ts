import { expect, it } from 'vitest';
import type { Pod } from './pod.ts';
import { subjectOf } from './subject.ts';

const target = { kind: 'pod', namespace: 'shop', name: 'a' };
function podOf(owner: string | undefined, labels: Readonly<Record<string, string>> = {}, nodeName = 'n1'): Pod {
  const [apiVersion = '', kind = '', name = ''] = owner?.split(' ') ?? [];
  const ownerReferences = owner === undefined ? [] : [{ apiVersion, kind, name, uid: 'u', controller: true }];
  return { metadata: { name: 'a', uid: 'u', resourceVersion: '1', labels, ownerReferences }, spec: { nodeName } };
}

it.each<[string, string | undefined, Record<string, string>, string]>([
  ['nobody', undefined, {}, 'pod a'],
  ['a Deployment', 'apps/v1 ReplicaSet cart-77789455d6', { 'pod-template-hash': '77789455d6' }, 'deployment cart'],
  ['a Rollout', 'apps/v1 ReplicaSet cart-abc', { 'rollouts-pod-template-hash': 'abc' }, 'rollout cart'],
  ['a ReplicaSet of its own', 'apps/v1 ReplicaSet cart-abc', {}, 'replicaset cart-abc'],
  ['a ReplicaSet called otherwise', 'apps/v1 ReplicaSet cart', { 'pod-template-hash': 'cart' }, 'replicaset cart'],
  ['a StatefulSet', 'apps/v1 StatefulSet db', {}, 'statefulset db'],
  ['a DaemonSet', 'apps/v1 DaemonSet agent', {}, 'daemonset agent'],
  ['a CronJob', 'batch/v1 Job report-29123456', {}, 'cronjob report'],
  ['a Job', 'batch/v1 Job report', {}, 'job report'],
  ['a kind of its own', 'example.com/v1 ReplicaSet x-abc', { 'pod-template-hash': 'abc' }, 'replicaset x-abc'],
  ['its node', 'v1 Node n1', {}, 'pod a'],
])('a pod of %s', (_, owner, labels, workload) => {
  const [kind, name] = workload.split(' ');
  expect(subjectOf(podOf(owner, labels), target)).toEqual({ workload: { kind, namespace: 'shop', name }, node: 'n1' });
});

it('a pod on no node has none', () => {
  expect(subjectOf(podOf(undefined, {}, ''), target)).not.toHaveProperty('node');
});
