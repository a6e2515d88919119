import { TalonError } from '@falco-talon/core';
import type { KubernetesFailure } from './kubernetes.ts';

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
/** Names of RBAC objects are path segments for Kubernetes (`system:node`); here also without what a URL gives a meaning. */
const SEGMENT = /^[!-~]+$/;
const URL_MEANING = /[/%?#\\]|\.\./;
const LONGEST = 253;

/** Namespaces and containers: RFC 1123 labels. */
export function checkLabel(what: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= 63 && LABEL.test(value)) return value;
  throw badName(
    what,
    value,
    'at most 63 lower-case letters, digits and -, beginning and ending with a letter or digit',
  );
}

/** What most objects may be called: an RFC 1123 subdomain. */
export function checkSubdomain(what: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= LONGEST && SUBDOMAIN.test(value)) return value;
  throw badName(
    what,
    value,
    'at most 253 lower-case letters, digits, - and ., beginning and ending with a letter or digit',
  );
}

/** What roles and their bindings may be called. */
export function checkSegment(what: string, value: unknown): string {
  if (
    typeof value === 'string' &&
    value.length <= LONGEST &&
    SEGMENT.test(value) &&
    !URL_MEANING.test(value) &&
    value !== '.'
  ) {
    return value;
  }
  throw badName(what, value, 'at most 253 printable ASCII characters without / % ? # \\ and ..');
}

export function badName(what: string, value: unknown, expected: string): TalonError {
  const message = `${shownName(value)} cannot be the ${what}: expected ${expected}`;
  const cause: KubernetesFailure = {
    kind: 'kubernetes-failure',
    method: '',
    path: '',
    status: 0,
    reason: 'InvalidName',
    message,
    causes: [],
  };
  return new TalonError('invalid_value', message, { cause });
}

/** A hostile value in a message: short, and in ASCII, so that no mark in it can reorder the line it is shown in. */
export function shownName(value: unknown): string {
  if (typeof value !== 'string') return `a value of type ${value === null ? 'null' : typeof value}`;
  const text = JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  return text.replaceAll(/[^ -~]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
