import type { ObjectInput } from '../api-object.ts';
import type { OpenApi } from '../resources/custom/open-api.ts';

export interface DefinitionInput {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly schema: OpenApi;
  /** Default `Namespaced`. */
  readonly scope?: 'Namespaced' | 'Cluster';
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Whether the status is written apart from the object. Default false. */
  readonly status?: boolean;
}

/** A CustomResourceDefinition with one version. */
export function customResourceDefinition(input: DefinitionInput): ObjectInput {
  const { group, version, kind, plural, schema, scope = 'Namespaced', shortNames, categories, status = false } = input;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        plural,
        singular: kind.toLowerCase(),
        kind,
        listKind: `${kind}List`,
        ...(shortNames === undefined ? {} : { shortNames: [...shortNames] }),
        ...(categories === undefined ? {} : { categories: [...categories] }),
      },
      scope,
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          ...(status ? { subresources: { status: {} } } : {}),
        },
      ],
    },
  };
}

export const TEXT: OpenApi = { type: 'string' };
export const TEXTS: OpenApi = { type: 'array', items: TEXT };

export const object = (properties: Readonly<Record<string, OpenApi>>, required?: readonly string[]): OpenApi => ({
  type: 'object',
  properties,
  ...(required === undefined ? {} : { required }),
});

/** The root every definition has, with the fields of the kind. */
export const root = (properties: Readonly<Record<string, OpenApi>>, required?: readonly string[]): OpenApi =>
  object({ apiVersion: TEXT, kind: TEXT, metadata: { type: 'object' }, ...properties }, required);
