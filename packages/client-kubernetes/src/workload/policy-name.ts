import { createHash } from 'node:crypto';
import { TalonError } from '@falco-talon/core';

/** On the pod a policy about that pod alone selects, and in that policy's selector. */
export const POD_LABEL = 'falco-talon.org/networkpolicy';

/** RFC 1123 subdomain: what pods, their owners and policies may be called. */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LONGEST = 253;

/**
 * The same for the same pod or workload, so that a second alert finds the first one's policy. Nobody else's begin so.
 * @param room characters somebody puts before the name
 * @throws TalonError `invalid_value` when nothing in Kubernetes can have that name: it comes from an alert
 */
export function policyName(kind: string, name: string, room = 0): string {
  if (name.length > LONGEST || !NAME.test(name)) {
    throw new TalonError('invalid_value', `${JSON.stringify(name.slice(0, 80))} cannot be the name of a ${kind}`);
  }
  return shortened(`falco-talon-${kind.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}-${name}`, LONGEST - room);
}

/** A pod's name as a value of `POD_LABEL`. */
export function podLabelValue(podName: string): string {
  return shortened(podName, 63);
}

/** Cut to a length by a hash of the whole, so that two long names never become one. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return `${text.slice(0, most - hash.length - 1).replace(/[^a-z0-9]+$/, '')}-${hash}`;
}
