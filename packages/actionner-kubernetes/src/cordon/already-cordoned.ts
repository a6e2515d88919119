import { FIELD_MANAGER, type KubernetesObject } from '@falco-talon/client-kubernetes';

/** The part of a node that a cordon looks at. */
export interface Node extends KubernetesObject {
  readonly metadata: KubernetesObject['metadata'] & {
    readonly managedFields?: readonly { readonly manager?: string; readonly fieldsV1?: object }[];
  };
  readonly spec?: Readonly<Record<string, unknown>> & { readonly taints?: readonly { readonly key?: string }[] };
}

/**
 * Whether the node was cordoned before, told from the answer to the patch alone. A controller adds the taint after a cordon,
 * so the answer to the patch that cordons does not hold it yet; and a patch that changes nothing does not make its sender
 * the owner of the field. A cordon of our own in the last moment goes unnoticed.
 */
export function wasCordoned({ metadata, spec }: Node): boolean {
  if (spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/unschedulable')) return true;
  const owners = metadata.managedFields;
  if (owners === undefined) return false;
  return !owners.some(({ manager, fieldsV1 }) => manager === FIELD_MANAGER && owns(fieldsV1));
}

function owns(fields: object | undefined): boolean {
  const spec = (fields as { readonly 'f:spec'?: object } | undefined)?.['f:spec'];
  return spec !== undefined && 'f:unschedulable' in spec;
}
