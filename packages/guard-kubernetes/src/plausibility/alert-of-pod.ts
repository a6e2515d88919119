import { fieldText, hasField, type FalcoEvent, type Target } from '@falco-talon/core';
import { bareContainerId } from '@falco-talon/client-kubernetes';

const CONTAINER_ID = /^[0-9a-f]{12,64}$/;
const LONGEST = 64;
/** The one source that fills `ka.target.…`. */
const AUDIT = 'k8s_audit';
const AUDITED = ['ka.target.pod.name', 'ka.target.name'];

/** What an alert says about the pod it names. */
export interface AlertOfPod {
  /** It names a pod that runs (`k8s.pod.name`), not one somebody asked the API server about. */
  readonly running: boolean;
  /** 12 to 64 hex digits. */
  readonly container: string | undefined;
  readonly hasUid: boolean;
}

/** @returns why no alert of Falco says such a thing */
export function readAlert(event: FalcoEvent, target: Target): AlertOfPod | string {
  const contradiction = namesTwo(event);
  if (contradiction !== undefined) return contradiction;
  const running = hasField(event, 'k8s.pod.name');
  if (!running && event.source !== AUDIT && AUDITED.some((field) => hasField(event, field)))
    return `the alert names a pod as the audit log does, but its source is ${shown(event.source)}, not ${AUDIT}: it is not genuine`;
  const about = { running, hasUid: target.uid !== undefined };
  const given = present(event, 'container.id');
  if (given === undefined) return { ...about, container: undefined };
  const container = bareContainerId(given.trim().toLowerCase());
  if (container === 'host') {
    return running
      ? 'the alert names a pod, but also says that the process ran on the host, outside containers: it is not genuine'
      : { ...about, container: undefined };
  }
  return CONTAINER_ID.test(container)
    ? { ...about, container }
    : `the alert's container.id ${shown(given)} is no id of a container (12 to 64 hex digits): it is not genuine`;
}

const TWICE: readonly (readonly [string, string])[] = [
  ['k8s.pod.name', 'ka.target.pod.name'],
  ['k8s.ns.name', 'ka.target.namespace'],
];

/** Falco fills the fields of system calls or those of the audit log; who fills both must mean the same pod. */
function namesTwo(event: FalcoEvent): string | undefined {
  for (const [field, other] of twins(event)) {
    const [one, two] = [present(event, field), present(event, other)];
    if (one !== undefined && two !== undefined && one !== two)
      return `the alert names two pods: its ${field} is ${shown(one)}, its ${other} ${shown(two)}`;
  }
  return undefined;
}

function twins(event: FalcoEvent): readonly (readonly [string, string])[] {
  const isPod = fieldText(event, 'ka.target.resource') === 'pods';
  return isPod ? [...TWICE, ['k8s.pod.name', 'ka.target.name'], ['ka.target.pod.name', 'ka.target.name']] : TWICE;
}

function present(event: FalcoEvent, field: string): string | undefined {
  return hasField(event, field) ? fieldText(event, field) : undefined;
}

/** An alert's own words, in one line. */
export function shown(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text).toWellFormed();
}
