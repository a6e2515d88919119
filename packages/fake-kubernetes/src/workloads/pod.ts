import { createHash, randomUUID } from 'node:crypto';
import type { ObjectInput, OwnerReference } from '../api-object.ts';
import type { Json, JsonObject } from '../json.ts';
import { at, isObject, textAt } from '../json.ts';

export interface PodInput {
  readonly name: string;
  /** Default `default`. */
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly owner?: OwnerReference;
  /** Names of the containers; default one called `main`. */
  readonly containers?: readonly string[];
  readonly image?: string;
  /** Default `node-1`; an empty one makes the pod unscheduled. */
  readonly node?: string;
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  /** Default true for a running pod. */
  readonly ready?: boolean;
  readonly gracePeriodSeconds?: number;
  /** Fields of the spec beside these. */
  readonly spec?: JsonObject;
}

/** The id a container of that name gets, so that a test can know it. */
export function containerId(namespace: string, pod: string, container: string): string {
  return `containerd://${createHash('sha256').update(`${namespace}/${pod}/${container}`).digest('hex')}`;
}

function containerNames(spec: JsonObject): readonly string[] {
  const containers = at(spec, 'containers');
  return Array.isArray(containers) ? containers.filter(isObject).map((container) => textAt(container, 'name')) : [];
}

interface StatusInput {
  readonly phase: string;
  readonly ready: boolean;
  readonly time: string;
  readonly generation: number;
  readonly idOf: (container: string) => string;
}

function stateOf(phase: string, id: string, time: string): JsonObject {
  switch (phase) {
    case 'Running':
      return { running: { startedAt: time } };
    case 'Pending':
      return { waiting: { reason: 'ContainerCreating' } };
    default: {
      const failed = phase === 'Failed';
      const reason = failed ? 'Error' : 'Completed';
      return { terminated: { exitCode: failed ? 1 : 0, reason, startedAt: time, finishedAt: time, containerID: id } };
    }
  }
}

function podStatus(spec: JsonObject, input: StatusInput): JsonObject {
  const { phase, ready, time, generation } = input;
  const condition = (type: string, holds: boolean): JsonObject => ({
    type,
    observedGeneration: generation,
    status: holds ? 'True' : 'False',
    lastProbeTime: null,
    lastTransitionTime: time,
  });
  const scheduled = textAt(spec, 'nodeName') !== '';
  if (!scheduled) return { phase, conditions: [condition('PodScheduled', false)], qosClass: 'BestEffort' };
  return {
    observedGeneration: generation,
    phase,
    conditions: [
      condition('PodReadyToStartContainers', phase === 'Running'),
      condition('Initialized', true),
      condition('Ready', ready),
      condition('ContainersReady', ready),
      condition('PodScheduled', true),
    ],
    hostIP: '10.99.0.1',
    hostIPs: [{ ip: '10.99.0.1' }],
    podIP: '10.244.0.51',
    podIPs: [{ ip: '10.244.0.51' }],
    startTime: time,
    containerStatuses: containerNames(spec).map((name, index) => {
      const id = input.idOf(name);
      return {
        name,
        state: stateOf(phase, id, time),
        lastState: {},
        ready,
        restartCount: 0,
        image: textAt(spec, 'containers', index, 'image'),
        imageID: '',
        ...(phase === 'Pending' ? {} : { containerID: id }),
        started: phase === 'Running',
      };
    }),
    qosClass: 'BestEffort',
  };
}

/** The status of a pod that has just been started again: its containers have new ids. */
export function runningStatus(spec: JsonObject, time: string, generation: number): JsonObject {
  const idOf = (name: string): string => containerId(time, randomUUID(), name);
  return podStatus(spec, { phase: 'Running', ready: true, time, generation, idOf });
}

/** The status of a pod whose containers have ended with this code. */
export function endedStatus(status: JsonObject, exitCode: number, time: string): JsonObject {
  const statuses = status['containerStatuses'];
  const ended = (one: JsonObject): JsonObject => ({
    ...one,
    ready: false,
    started: false,
    state: {
      terminated: terminated(exitCode, textAt(one, 'state', 'running', 'startedAt'), time, one['containerID'] ?? ''),
    },
  });
  return {
    ...status,
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: Array.isArray(statuses) ? statuses.filter(isObject).map(ended) : [],
  };
}

/** The state of a container that has ended. */
export function terminated(exitCode: number, startedAt: string, finishedAt: string, containerID: Json): JsonObject {
  return { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt, containerID };
}

/** A pod as it looks some time after it was started. */
export function pod(input: PodInput): ObjectInput {
  const { name, namespace = 'default', node = 'node-1', phase = node === '' ? 'Pending' : 'Running' } = input;
  const image = input.image ?? 'registry.example.com/app:1.0';
  const spec: JsonObject = {
    containers: (input.containers ?? ['main']).map((container) => ({ name: container, image })),
    terminationGracePeriodSeconds: input.gracePeriodSeconds ?? 30,
    ...(node === '' ? {} : { nodeName: node }),
    ...input.spec,
  };
  const ready = input.ready ?? phase === 'Running';
  const idOf = (container: string): string => containerId(namespace, name, container);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      ...(input.uid === undefined ? {} : { uid: input.uid }),
      ...(input.labels === undefined ? {} : { labels: { ...input.labels } }),
      ...(input.annotations === undefined ? {} : { annotations: { ...input.annotations } }),
      ...(input.owner === undefined ? {} : { ownerReferences: [input.owner] }),
    },
    spec,
    status: podStatus(spec, { phase, ready, time: '2026-01-01T00:00:00Z', generation: 1, idOf }),
  };
}
