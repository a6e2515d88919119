import { TalonError } from '@falco-talon/core';
import { normalCidr } from './cidr.ts';

/** Addresses one policy denies at most: far below what etcd stores, far above what one workload should ever need. */
export const MOST_DENIED = 1000;

/**
 * The denied ranges with one more, each once and in its canonical form, in the order they came.
 * @param policy names it in the error
 * @throws TalonError `too_large`: an older address never makes room for a newer one, or an attacker could free one
 */
export function withDenied(denied: readonly string[], range: string, policy: string): readonly string[] {
  const all = new Set(denied.map((text) => normalCidr(text) ?? text));
  if (all.has(range)) return [...all];
  if (all.size >= MOST_DENIED) {
    throw new TalonError(
      'too_large',
      `the policy ${policy} denies ${all.size} addresses already, so ${range} is not added: cut the workload off as a whole, or remove the policy`,
    );
  }
  return [...all, range];
}
