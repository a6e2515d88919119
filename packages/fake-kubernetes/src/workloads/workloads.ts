import { createHash, randomUUID } from 'node:crypto';
import type { ObjectInput, OwnerReference } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import type { PodInput } from './pod.ts';
import { pod } from './pod.ts';

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): ObjectInput {
  const own = { 'kubernetes.io/metadata.name': name };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ...labels, ...own } } };
}

export interface NodeInput {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ready?: boolean;
}

export function node(input: NodeInput): ObjectInput {
  const { name, labels = {}, ready = true } = input;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', ...labels },
    },
    spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] },
    status: {
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'Unknown', reason: ready ? 'KubeletReady' : 'NodeStatusUnknown' },
      ],
      addresses: [
        { type: 'InternalIP', address: '10.99.0.1' },
        { type: 'Hostname', address: name },
      ],
      nodeInfo: { kubeletVersion: 'v1.36.2', operatingSystem: 'linux', architecture: 'amd64' },
    },
  };
}

export interface WorkloadInput {
  readonly name: string;
  readonly namespace?: string;
  /** What the owner wants; default 1. */
  readonly replicas?: number;
  /** How many of them are ready; default all. */
  readonly ready?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of every pod. */
  readonly pod?: Omit<PodInput, 'name' | 'namespace' | 'labels' | 'owner'>;
}

interface Named {
  readonly namespace: string;
  readonly replicas: number;
  readonly ready: number;
  readonly labels: Readonly<Record<string, string>>;
}

function completed(input: WorkloadInput): Named {
  const { replicas = 1 } = input;
  return {
    namespace: input.namespace ?? 'default',
    replicas,
    ready: input.ready ?? replicas,
    labels: input.labels ?? { app: input.name },
  };
}

/** Something names are made unique by, the same in every run. */
function hash(text: string, length: number): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const bytes = createHash('sha256').update(text).digest().subarray(0, length);
  return [...bytes].map((byte) => alphabet[byte % alphabet.length]).join('');
}

interface OwnerInput extends Named {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
  readonly owner?: OwnerReference;
  readonly spec?: JsonObject;
  readonly status: JsonObject;
}

function owner(input: OwnerInput): ObjectInput {
  const { apiVersion = 'apps/v1', kind, name, labels } = input;
  const selector: JsonObject = kind === 'ReplicationController' ? { ...labels } : { matchLabels: { ...labels } };
  const counted: JsonObject = kind === 'DaemonSet' || kind === 'Job' ? {} : { replicas: input.replicas };
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace: input.namespace,
      uid: randomUUID(),
      labels: { ...labels },
      ...(input.owner === undefined ? {} : { ownerReferences: [input.owner] }),
    },
    spec: {
      ...counted,
      selector,
      template: {
        metadata: { labels: { ...labels } },
        spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1.0' }] },
      },
      ...input.spec,
    },
    status: input.status,
  };
}

export function ownerReference(object: ObjectInput): OwnerReference {
  const { apiVersion, kind, metadata } = object;
  return {
    apiVersion,
    kind,
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

function podsOf(
  of: ObjectInput,
  input: WorkloadInput,
  named: Named,
  nameOf: (index: number) => string,
): readonly ObjectInput[] {
  const { namespace: ns, labels, replicas, ready } = named;
  return Array.from({ length: replicas }, (_, index) =>
    pod({ ready: index < ready, ...input.pod, name: nameOf(index), namespace: ns, labels, owner: ownerReference(of) }),
  );
}

function counts({ replicas, ready }: Named): JsonObject {
  return { observedGeneration: 1, replicas, readyReplicas: ready, availableReplicas: ready };
}

/** A ReplicaSet and its pods. */
export function replicaSet(input: WorkloadInput & { readonly owner?: OwnerReference }): readonly ObjectInput[] {
  const named = completed(input);
  const of = owner({
    ...named,
    kind: 'ReplicaSet',
    name: input.name,
    status: { ...counts(named), fullyLabeledReplicas: named.replicas },
    ...(input.owner === undefined ? {} : { owner: input.owner }),
  });
  return [of, ...podsOf(of, input, named, (index) => `${input.name}-${hash(`${input.name}/${index}`, 5)}`)];
}

/** A Deployment, its ReplicaSet and the pods. */
export function deployment(input: WorkloadInput): readonly ObjectInput[] {
  const named = completed(input);
  const template = hash(input.name, 9);
  const of = owner({
    ...named,
    kind: 'Deployment',
    name: input.name,
    status: { ...counts(named), updatedReplicas: named.replicas },
  });
  const labels = { ...named.labels, 'pod-template-hash': template };
  return [of, ...replicaSet({ ...input, name: `${input.name}-${template}`, labels, owner: ownerReference(of) })];
}

/** A StatefulSet and its pods `<name>-0`, `<name>-1`, … */
export function statefulSet(input: WorkloadInput): readonly ObjectInput[] {
  const named = completed(input);
  const of = owner({
    ...named,
    kind: 'StatefulSet',
    name: input.name,
    spec: { serviceName: input.name },
    status: counts(named),
  });
  return [of, ...podsOf(of, input, named, (index) => `${input.name}-${index}`)];
}

/** A DaemonSet and its pods, one a replica. */
export function daemonSet(input: WorkloadInput): readonly ObjectInput[] {
  const named = completed(input);
  const { replicas, ready } = named;
  const status = {
    currentNumberScheduled: replicas,
    desiredNumberScheduled: replicas,
    numberReady: ready,
    numberAvailable: ready,
    numberMisscheduled: 0,
  };
  const of = owner({ ...named, kind: 'DaemonSet', name: input.name, status });
  return [of, ...podsOf(of, input, named, (index) => `${input.name}-${hash(`${input.name}/${index}`, 5)}`)];
}

/** A ReplicationController and its pods. */
export function replicationController(input: WorkloadInput): readonly ObjectInput[] {
  const named = completed(input);
  const of = owner({
    ...named,
    apiVersion: 'v1',
    kind: 'ReplicationController',
    name: input.name,
    status: counts(named),
  });
  return [of, ...podsOf(of, input, named, (index) => `${input.name}-${hash(`${input.name}/${index}`, 5)}`)];
}

/** A Job and its pods. */
export function job(input: WorkloadInput): readonly ObjectInput[] {
  const named = completed(input);
  const { replicas, ready } = named;
  const spec = { parallelism: replicas, completions: replicas };
  const of = owner({
    ...named,
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: input.name,
    spec,
    status: { active: replicas, ready },
  });
  return [of, ...podsOf(of, input, named, (index) => `${input.name}-${hash(`${input.name}/${index}`, 5)}`)];
}
