import {
  oneOf,
  podTarget,
  strictObject,
  targetText,
  Type,
  type Permission,
  type ReadContext,
  type Result,
  type RunContext,
} from '@falco-talon/core';
import { FIELD_MANAGER, kubernetes, type MetadataKind, NODES, patchPodMetadata } from '@falco-talon/client-kubernetes';
import { nodeOfPod, nodeText } from '../pod/node-of-pod.ts';
import { readPod, type PodTarget } from '../pod/read-pod.ts';
import { changesText, mergePatch, type Changes } from './changes.ts';

const LEVELS = ['pod', 'node'] as const;
type Level = (typeof LEVELS)[number];

export function levelParameter(verb: string) {
  return oneOf(LEVELS, { default: 'pod', description: `What to ${verb}: the pod, or the node it runs on.` });
}

/** The node, when that is what is changed. */
export const nodeFacts = strictObject({ node: Type.Optional(Type.String()) });

const uses = { kubernetes };
type Reading = Pick<ReadContext<unknown, typeof uses>, 'event' | 'reads' | 'signal'>;
type Running = Pick<RunContext<unknown, typeof uses, unknown>, 'event' | 'clients' | 'signal'>;
type Facts = { readonly node?: string | undefined };

export async function checkLevel(
  { event, reads, signal }: Reading,
  level: Level,
): Promise<{ readonly facts: { node?: string } }> {
  if (level === 'pod') return { facts: {} };
  return { facts: { node: await nodeOfPod(reads.kubernetes, podTarget(event), signal) } };
}

/** `verb`: `label`. */
export async function previewChange(
  { event, reads, signal }: Reading,
  verb: string,
  changes: Changes,
  { node }: Facts,
): Promise<string> {
  const target = podTarget(event);
  await readPod(reads.kubernetes, target, signal);
  return `would ${verb} ${whatText(target, node)}: ${changesText(changes)}`;
}

/** One merge patch of the pod, or of the node. `done`: `labelled`. */
export async function change(
  { event, clients, signal }: Running,
  kind: MetadataKind,
  done: string,
  changes: Changes,
  { node }: Facts,
): Promise<Result> {
  const target = podTarget(event);
  const metadata = { [kind]: mergePatch(changes) };
  if (node === undefined) {
    await patchPodMetadata(clients.kubernetes, target, metadata, signal);
  } else {
    const patch = { type: 'merge', body: { metadata } } as const;
    await clients.kubernetes.patch(NODES, { name: node }, patch, { signal, fieldManager: FIELD_MANAGER });
  }
  return {
    status: 'success',
    message: `${done} ${whatText(target, node)}: ${changesText(changes)}`,
    objects: { pod: target.name, namespace: target.namespace, ...(node === undefined ? {} : { node }) },
  };
}

export function changePermissions(what: MetadataKind): readonly Permission[] {
  return [
    { kind: 'kubernetes', apiGroup: '', resources: ['pods'], verbs: ['patch'], when: 'level: pod' },
    {
      kind: 'kubernetes',
      apiGroup: '',
      resources: ['pods'],
      verbs: ['get'],
      when: `level: node; dry runs; to explain why a pod refused the ${what}`,
    },
    { kind: 'kubernetes', apiGroup: '', resources: ['nodes'], verbs: ['patch'], when: 'level: node' },
  ];
}

function whatText(target: PodTarget, node: string | undefined): string {
  return node === undefined ? targetText(target) : nodeText(node, target);
}
