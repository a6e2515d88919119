import type { ObjectInput } from '@falco-talon/fake-kubernetes';
import { auditEvent } from '@falco-talon/testkit';

/** An audit alert; the fields without their `ka.target.`, and `uri`. */
export function auditAlert({ uri, ...target }: Readonly<Record<string, unknown>>) {
  const fields = Object.fromEntries(Object.entries(target).map(([key, value]) => [`ka.target.${key}`, value]));
  return auditEvent({ fields: { ...fields, ...(uri === undefined ? {} : { 'ka.uri': uri }) } });
}

/** Any object, in the namespace `shop`; with an empty one in none. */
export function apiObject(
  kind: string,
  name: string,
  metadata = {},
  apiVersion = 'v1',
  namespace = 'shop',
): ObjectInput {
  return { apiVersion, kind, metadata: { name, ...(namespace === '' ? {} : { namespace }), ...metadata } };
}
