import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject, quote, sameJson } from '../json.ts';
import { NAMESPACES } from '../resources/core.ts';
import type { Resource } from '../resources/resource.ts';
import { refuse } from '../server/answer.ts';
import type { Cluster } from '../server/request.ts';
import type { Level } from './pod-checks.ts';
import { violations } from './pod-checks.ts';

interface Policy {
  readonly level: Level;
  readonly version: string;
}

const PREFIX = 'pod-security.kubernetes.io/';
const LEVELS: readonly Level[] = ['privileged', 'baseline', 'restricted'];

function policies(namespace: ApiObject | undefined): { readonly enforce: Policy; readonly warn: Policy } {
  const labels = namespace?.metadata.labels ?? {};
  const policy = (mode: string): Policy => {
    const level = labels[`${PREFIX}${mode}`] ?? 'privileged';
    // A level nobody knows counts as the strictest one, except where it only warns.
    const fallback: Level = mode === 'warn' ? 'privileged' : 'restricted';
    const known = LEVELS.find((one) => one === level) ?? fallback;
    return { level: known, version: labels[`${PREFIX}${mode}-version`] ?? 'latest' };
  };
  const enforce = policy('enforce');
  const hasWarn = labels[`${PREFIX}warn`] !== undefined;
  return { enforce, warn: hasWarn ? policy('warn') : enforce };
}

function template(object: ApiObject): JsonObject | undefined {
  const spec = object.kind === 'Pod' ? object.spec : at(object, 'spec', 'template', 'spec');
  return isObject(spec) ? spec : undefined;
}

/**
 * Whether Pod Security lets a pod in, new or with other containers than before.
 * @throws Refusal 403
 */
export function enforcePodSecurity(cluster: Cluster, resource: Resource, pod: ApiObject, before?: ApiObject): void {
  if (resource.kind !== 'Pod' || resource.group !== '') return;
  if (before !== undefined && sameJson(before.spec, pod.spec)) return;
  const { namespace = '', name } = pod.metadata;
  const { enforce } = policies(cluster.store.get(NAMESPACES, '', namespace));
  const found = violations(enforce.level, pod.spec ?? {});
  if (found === '') return;
  throw refuse({
    code: 403,
    reason: 'Forbidden',
    message: `pods ${quote(name)} is forbidden: violates PodSecurity ${quote(`${enforce.level}:${enforce.version}`)}: ${found}`,
    details: { name, kind: 'pods' },
  });
}

/** What the answer warns about; a workload is let in although its pods will be refused. */
export function podSecurityWarnings(cluster: Cluster, object: ApiObject): readonly string[] {
  const spec = template(object);
  if (spec === undefined) return [];
  const { warn } = policies(cluster.store.get(NAMESPACES, '', object.metadata.namespace ?? ''));
  const found = violations(warn.level, spec);
  return found === '' ? [] : [`would violate PodSecurity ${quote(`${warn.level}:${warn.version}`)}: ${found}`];
}
