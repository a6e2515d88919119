import { podName, podNamespace, type FalcoEvent } from './event.ts';
import { TalonError } from './errors.ts';

/** What an action touches. Lanes, guards, budgets and records all use it. */
export interface Target {
  /** Lower case, singular: `pod`, `node`, `configmap`, `lambda`. */
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Given when the alert carries it; a guard or action then refuses an object that only has the same name. */
  readonly uid?: string;
}

/** Two steps with the same key never overlap. NUL cannot be part of a name, so no two targets share a key. */
export function laneKey(target: Target): string {
  return `${target.kind}\0${target.namespace ?? ''}\0${target.name}`;
}

/** What people read: `pod shop/cart-x2x9z`. */
export function targetText(target: Target): string {
  return `${target.kind} ${target.namespace === undefined ? '' : `${cut(target.namespace)}/`}${cut(target.name)}`;
}

/** No object has a longer name (DNS subdomain names of Kubernetes); what an alert says may be of any length. */
const LONGEST_NAME = 253;

function cut(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}…`;
}

/**
 * The kind a target is of, from a plural or any other spelling of the API: `networkpolicies` is `networkpolicy`,
 * `Ingresses.networking.k8s.io` is `ingress`. What it makes of irregular plurals is only always the same.
 */
export function singularKind(kind: string): string {
  const plural = kind.toLowerCase().replace(/\..*$/s, '');
  if (plural.endsWith('ies')) return `${plural.slice(0, -3)}y`;
  if (plural.endsWith('sses')) return plural.slice(0, -2);
  return plural.length > 1 && plural.endsWith('s') && !plural.endsWith('ss') ? plural.slice(0, -1) : plural;
}

/** The output fields a pod action needs: each inner list means any one of them. */
export const POD_FIELDS = [
  ['k8s.pod.name', 'ka.target.pod.name', 'ka.target.name'],
  ['k8s.ns.name', 'ka.target.namespace'],
] as const;

/**
 * The pod an alert is about.
 * @throws TalonError `missing_field`
 */
export function podTarget(event: FalcoEvent): Target & { readonly namespace: string } {
  const name = podName(event);
  const namespace = podNamespace(event);
  if (name === undefined || namespace === undefined) {
    throw new TalonError('missing_field', `the alert names no ${name === undefined ? 'pod' : 'namespace of the pod'}`);
  }
  const uid = event.fields.get('k8s.pod.uid');
  return typeof uid === 'string' && uid !== '' && uid !== '<NA>'
    ? { kind: 'pod', namespace, name, uid }
    : { kind: 'pod', namespace, name };
}
