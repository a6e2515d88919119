import { createHash } from 'node:crypto';
import { isTalonError, TalonError } from '@falco-talon/core';
import { isManaged, type Discovery, type Resource } from '@falco-talon/client-kubernetes';
import type { CalicoPolicy } from './policy.ts';

const PUBLIC_GROUP = 'projectcalico.org';
const STORED_GROUP = 'crd.projectcalico.org';
/** Stored policies of the default tier are named so; the public API adds and takes away the prefix itself. */
const STORED_PREFIX = 'default.';
/** Where the public API keeps labels in what it stores. */
const METADATA = 'projectcalico.org/metadata';

/** How the cluster serves Calico's policies. */
export interface CalicoApi {
  readonly resource: Resource;
  /** The name under which a policy is asked for. */
  readonly nameOf: (policy: string) => string;
}

/** Characters that have to be left free in the name of a policy: the prefix and what `withoutDots` adds. */
export const ROOM = STORED_PREFIX.length + 11;

/**
 * Calico's public API where it is served, else what Calico stores. It is remembered by the client.
 * @throws TalonError `unsupported` when Calico is not installed
 */
export async function findCalico(resources: Discovery, signal: AbortSignal): Promise<CalicoApi> {
  const served = await resources.find('networkpolicies', { signal });
  const find = (group: string) => served.find((resource) => resource.group === group);
  const resource = find(PUBLIC_GROUP) ?? find(STORED_GROUP) ?? (await lookAgain(resources, signal));
  const prefix = resource.group === STORED_GROUP ? STORED_PREFIX : '';
  return { resource, nameOf: (policy) => `${prefix}${withoutDots(policy)}` };
}

/** Releases before 3.30 take what stands before a dot for the policy's tier. */
function withoutDots(policy: string): string {
  if (!policy.includes('.')) return policy;
  const hash = createHash('sha256').update(policy).digest('hex').slice(0, 10);
  return `${policy.replaceAll('.', '-')}-${hash}`;
}

/** It may have been installed since; and an API server that does not answer is no reason to say it is not. */
async function lookAgain(resources: Discovery, signal: AbortSignal): Promise<Resource> {
  for (const group of [PUBLIC_GROUP, STORED_GROUP]) {
    try {
      const [found] = await resources.find('networkpolicies', { group, signal });
      if (found !== undefined) return found;
    } catch (error) {
      if (!isTalonError(error) || error.code !== 'unsupported') throw error;
    }
  }
  throw new TalonError(
    'unsupported',
    `Calico is not installed: the cluster serves networkpolicies neither of ${PUBLIC_GROUP}/v3 nor of ${STORED_GROUP}/v1`,
  );
}

/** Whether a policy was made here, also when the public API was there then and is not now. */
export function isOurs(policy: CalicoPolicy): boolean {
  if (isManaged(policy)) return true;
  const stored = policy.metadata.annotations?.[METADATA];
  if (stored === undefined) return false;
  try {
    return isManaged({ metadata: JSON.parse(stored) as { readonly labels?: Readonly<Record<string, string>> } });
  } catch {
    return false;
  }
}

/** What Calico's API server says of a policy whose tier it guards: not which right is missing. */
const IN_TIER = /cannot (\w+) networkpolicies\.projectcalico\.org in tier [^(]*(\(user cannot get tier\))?/;

/** @throws what `work` throws; a refusal because of a tier names the right that is missing */
export async function namingTiers<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const refused = isTalonError(error) && error.code === 'forbidden' ? IN_TIER.exec(error.message) : null;
    if (refused === null || !isTalonError(error)) throw error;
    const [, verb = '', noTier] = refused;
    const right =
      noTier === undefined ? `${verb} tier.networkpolicies.projectcalico.org` : 'get tiers.projectcalico.org';
    throw new TalonError('forbidden', `${error.message}; Calico's API server also wants the right to ${right}`, {
      cause: error.cause,
    });
  }
}
