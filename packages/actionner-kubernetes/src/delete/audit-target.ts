import { fieldText, hasField, singularKind, TalonError, type FalcoEvent, type Target } from '@falco-talon/core';
import { parseAuditPath } from './audit-path.ts';

/** The object an audit alert is about, in the API's words. A subresource (`exec`, `scale`) belongs to the object it is of. */
export interface AuditTarget {
  readonly plural: string;
  readonly name: string;
  readonly namespace: string | undefined;
  /** Only `ka.uri` tells it. */
  readonly group: string | undefined;
}

const PLURAL = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** @throws TalonError `missing_field`; `invalid_value` when the fields contradict each other */
export function auditTarget(event: FalcoEvent): AuditTarget {
  const plural = present(event, 'ka.target.resource');
  const name = present(event, 'ka.target.name');
  if (plural === undefined || name === undefined) {
    throw new TalonError('missing_field', `the alert lacks ka.target.${plural === undefined ? 'resource' : 'name'}`);
  }
  if (!PLURAL.test(plural)) {
    throw new TalonError('invalid_value', "the alert's ka.target.resource is not the plural of a kind");
  }
  const namespace = present(event, 'ka.target.namespace');
  const uri = present(event, 'ka.uri');
  if (uri === undefined) return { plural, name, namespace, group: undefined };
  const path = parseAuditPath(uri);
  if (path === undefined) throw new TalonError('invalid_value', "the alert's ka.uri is not the path of a resource");
  const same =
    path.plural === plural && agrees(path.name, name) && (namespace === undefined || agrees(path.namespace, namespace));
  if (!same) throw new TalonError('invalid_value', "the alert's ka.uri and ka.target.* name different objects");
  return { plural, name, namespace, group: path.group };
}

/** For lanes and messages: the same for each alert about the object, and that of other actions for a pod or node. */
export function laneTarget({ plural, name, namespace }: AuditTarget): Target {
  const kind = singularKind(plural);
  // The audit log says of a namespace that it is in itself.
  return namespace === undefined || plural === 'namespaces' ? { kind, name } : { kind, namespace, name };
}

function agrees(inPath: string | undefined, field: string): boolean {
  return inPath === undefined || inPath === field;
}

function present(event: FalcoEvent, field: string): string | undefined {
  return hasField(event, field) ? fieldText(event, field) : undefined;
}
