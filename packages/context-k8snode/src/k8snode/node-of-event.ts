import { fieldText, podName, podTarget, TalonError, targetText, type FalcoEvent } from '@falco-talon/core';
import { PODS, type KubernetesObject, type KubernetesReads } from '@falco-talon/client-kubernetes';

interface Pod extends KubernetesObject {
  /** No `nodeName` until the pod is scheduled. */
  readonly spec?: Readonly<Record<string, unknown>> & { readonly nodeName?: string };
}

/**
 * The name of the node an alert is about: its pod's, else the host's that raised it. An audit alert comes from wherever the
 * plugin runs, so its host says nothing about the object it is about.
 * @throws TalonError `missing_field`; `target_gone` when the pod is gone, re-created or not scheduled
 */
export async function nodeOfEvent(
  event: FalcoEvent,
  reads: Pick<KubernetesReads, 'get'>,
  signal: AbortSignal,
): Promise<string> {
  if (podName(event) !== undefined) return nodeOfPod(event, reads, signal);
  const host = present(fieldText(event, 'k8s.node.name')) ?? (isAudit(event) ? undefined : present(event.hostname));
  if (host === undefined) {
    throw new TalonError(
      'missing_field',
      'the alert names no pod (k8s.pod.name) and no node (k8s.node.name, hostname)',
    );
  }
  return host;
}

async function nodeOfPod(event: FalcoEvent, reads: Pick<KubernetesReads, 'get'>, signal: AbortSignal): Promise<string> {
  const target = podTarget(event);
  const pod = await reads.get<Pod>(PODS, { namespace: target.namespace, name: target.name }, { signal });
  if (target.uid !== undefined && !hasUid(pod, target.uid)) {
    throw new TalonError('target_gone', `${targetText(target)} was re-created; the new one may run on another node`);
  }
  const node = pod.spec?.nodeName;
  if (!node) throw new TalonError('target_gone', `${targetText(target)} runs on no node`);
  return node;
}

/** A static pod's alert carries the kubelet's uid, which its image in the API keeps as an annotation. */
function hasUid({ metadata }: Pod, uid: string): boolean {
  return metadata.uid === uid || metadata.annotations?.['kubernetes.io/config.hash'] === uid;
}

function isAudit(event: FalcoEvent): boolean {
  return event.source === 'k8s_audit';
}

function present(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text === '<NA>' ? undefined : text;
}
