import type { ApiObject } from '../api-object.ts';
import { at, sameJson, textAt } from '../json.ts';
import type { Json } from '../json.ts';
import type { OpenApi } from '../resources/custom/open-api.ts';
import { schemaErrors } from '../resources/custom/open-api-errors.ts';
import type { Resource } from '../resources/resource.ts';
import type { FieldError } from '../server/refusals.ts';
import { invalidValue, notSupported } from '../server/refusals.ts';
import { calicoErrors } from './calico.ts';
import { definitionErrors } from './definition.ts';
import { eventErrors, eventUpdateErrors } from './event.ts';
import { ephemeralContainerErrors } from './ephemeral-containers.ts';
import { jobErrors } from './job.ts';
import { leaseErrors } from './lease.ts';
import { mapErrors, nameErrors } from './metadata.ts';
import { networkPolicyErrors } from './network-policy.ts';
import { podDisruptionBudgetErrors } from './pod-disruption-budget.ts';
import { podErrors, podUpdateErrors } from './pod.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function nodeErrors(node: ApiObject): readonly FieldError[] {
  const taints = at(node, 'spec', 'taints');
  if (!Array.isArray(taints)) return [];
  return taints.flatMap((taint, index) => {
    const effect = textAt(taint, 'effect');
    return EFFECTS.includes(effect) ? [] : [notSupported(`metadata.taints[${index}].effect`, effect, EFFECTS)];
  });
}

function replicaErrors(object: ApiObject): readonly FieldError[] {
  const replicas = at(object, 'spec', 'replicas');
  if (typeof replicas !== 'number' || replicas >= 0) return [];
  return [invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')];
}

/** Of the metadata only what every object has is looked at. */
function customErrors(openApi: OpenApi, object: ApiObject): readonly FieldError[] {
  const { metadata: _metadata, ...properties } = openApi.properties ?? {};
  return schemaErrors({ ...openApi, properties }, object as unknown as Json, '');
}

function kindErrors(resource: Resource, object: ApiObject): readonly FieldError[] {
  if (resource.custom !== undefined) {
    return [...customErrors(resource.custom, object), ...calicoErrors(resource, object)];
  }
  switch (resource.kind) {
    case 'Pod':
      return podErrors(object);
    case 'Node':
      return nodeErrors(object);
    case 'NetworkPolicy':
      return networkPolicyErrors(object);
    case 'PodDisruptionBudget':
      return podDisruptionBudgetErrors(object);
    case 'Event':
      return eventErrors(resource, object);
    case 'Lease':
      return leaseErrors(object);
    case 'Job':
      return jobErrors(object);
    case 'CustomResourceDefinition':
      return definitionErrors(object);
    default:
      return replicaErrors(object);
  }
}

export function createErrors(resource: Resource, object: ApiObject): readonly FieldError[] {
  return [...nameErrors(resource, object), ...mapErrors(object), ...kindErrors(resource, object)];
}

function immutableErrors(resource: Resource, before: ApiObject, after: ApiObject): readonly FieldError[] {
  if (resource.group !== 'apps' || sameJson(at(before, 'spec', 'selector'), at(after, 'spec', 'selector'))) return [];
  return [invalidValue('spec.selector', at(after, 'spec', 'selector') ?? null, 'field is immutable')];
}

export interface UpdateErrors {
  readonly errors: readonly FieldError[];
  /** How many of the server's layers report each of them: as often it is among the causes. */
  readonly reported: number;
}

export function updateErrors(resource: Resource, before: ApiObject, after: ApiObject, subresource = ''): UpdateErrors {
  const uid = after.metadata.uid;
  if (uid !== before.metadata.uid) {
    return { errors: [invalidValue('metadata.uid', uid, 'field is immutable')], reported: 2 };
  }
  const maps = mapErrors(after);
  if (maps.length > 0) return { errors: maps, reported: resource.kind === 'Pod' ? 4 : 2 };
  if (subresource === 'ephemeralcontainers') return { errors: ephemeralContainerErrors(before, after), reported: 1 };
  if (resource.custom !== undefined) return { errors: kindErrors(resource, after), reported: 1 };
  if (resource.kind === 'Pod') return { errors: podUpdateErrors(before, after), reported: 1 };
  if (resource.kind === 'Event') return { errors: eventUpdateErrors(resource, before, after), reported: 1 };
  const ofKind = [...kindErrors(resource, after), ...immutableErrors(resource, before, after)];
  return { errors: ofKind, reported: resource.kind === 'Node' ? 2 : 1 };
}
