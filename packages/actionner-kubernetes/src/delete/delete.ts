import {
  defineActionner,
  isTalonError,
  strictObject,
  targetText,
  Type,
  type Result,
  type Target,
} from '@falco-talon/core';
import { kubernetes, refuseOwnAccess, type Kubernetes } from '@falco-talon/client-kubernetes';
import { isMirrorPod } from '../pod/pod.ts';
import { recreated } from '../pod/read-pod.ts';
import { ignoredText, MIRROR_POD } from '../terminate/guards.ts';
import { auditTarget, laneTarget } from './audit-target.ts';
import { differences } from './differences.ts';
import { examples } from './examples.ts';
import { findKind, objectName, type FoundKind } from './find-object.ts';
import { permissions } from './permissions.ts';

export const deleteObject = defineActionner({
  name: 'delete',
  description: 'Deletes the object an audit alert is about, of whatever kind.',
  stability: 'stable',
  sources: ['k8s_audit'],
  continue: false,
  output: 'none',
  parameters: strictObject({}),
  uses: { kubernetes },
  facts: strictObject({
    uid: Type.String(),
    terminating: Type.Optional(Type.Boolean()),
    resource: strictObject({
      group: Type.String(),
      version: Type.String(),
      plural: Type.String(),
      kind: Type.String(),
      namespaced: Type.Boolean(),
    }),
  }),
  // And ka.target.namespace when the kind is in namespaces, which only the cluster knows.
  requiredFields: ['ka.target.resource', 'ka.target.name'],
  idempotent: false,
  destructive: true,
  permissions,
  examples,
  differences,

  target: ({ event }) => laneTarget(auditTarget(event)),

  async check({ event, reads, signal }) {
    const target = auditTarget(event);
    const found = await findKind(target, reads.kubernetes, signal);
    const { group, version, plural, kind, namespaced } = found.resource;
    reads.kubernetes.refuseProtected(found.resource, found.object);
    await refuseOwnAccess(reads.kubernetes, found.resource, found.object, { signal });
    const { metadata } = await reads.kubernetes.get(found.resource, found.object, { signal });
    if (group === '' && plural === 'pods' && isMirrorPod({ metadata })) {
      return { ignored: ignoredText(laneTarget(target), MIRROR_POD) };
    }
    const terminating = metadata.deletionTimestamp !== undefined;
    return { facts: { uid: metadata.uid, terminating, resource: { group, version, plural, kind, namespaced } } };
  },

  async preview({ event, facts }) {
    return `would delete ${targetText(laneTarget(auditTarget(event)))} (uid ${facts.uid})`;
  },

  async run({ event, facts, clients, signal }) {
    const audit = auditTarget(event);
    const target = laneTarget(audit);
    const found = { resource: facts.resource, object: objectName(facts.resource, audit) };
    try {
      await clients.kubernetes.delete(found.resource, found.object, {
        signal,
        uid: facts.uid,
        // As kubectl does: left to itself the API server would leave the pods of a Job behind.
        propagationPolicy: 'Background',
        spareProtected: true,
      });
    } catch (error) {
      return await explainConflict(error, clients.kubernetes, target, found, facts.uid, signal);
    }
    const again = facts.terminating === true ? ', which was terminating already' : '';
    return {
      status: 'success',
      message: `deleted ${targetText(target)}${again}`,
      objects: { resource: audit.plural, ...found.object },
    };
  },

  async settled({ event, facts, reads, signal }) {
    const object = objectName(facts.resource, auditTarget(event));
    try {
      const { metadata } = await reads.kubernetes.get(facts.resource, object, { signal });
      if (metadata.uid !== facts.uid) return 'done';
      // When somebody else had begun to delete it before, one more request changes nothing.
      return metadata.deletionTimestamp !== undefined ? 'done' : 'again';
    } catch (error) {
      if (isTalonError(error) && error.code === 'target_gone') return 'done';
      throw error;
    }
  },
});

/** A refused precondition only says that the uid differs; one more call tells what stands there now. */
async function explainConflict(
  error: unknown,
  client: Pick<Kubernetes, 'get'>,
  target: Target,
  { resource, object }: FoundKind,
  uid: string,
  signal: AbortSignal,
): Promise<Result> {
  if (!isTalonError(error) || error.code !== 'conflict') throw error;
  const there = await client.get(resource, object, { signal });
  throw there.metadata.uid === uid ? error : recreated(target, there, uid);
}
