import type { ApiObject } from '../api-object.ts';
import type { Schema } from '../schema/schema.ts';
import type { OpenApi } from './custom/open-api.ts';

export type NameRule = 'subdomain' | 'label' | 'path-segment';

/** What the server knows about one kind. Adding a group is adding such rows to the registry. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Served beside the object itself; `status` is stored, the rest is up to an operation. */
  readonly subresources: readonly Subresource[];
  /** What a name may look like. */
  readonly nameRule: NameRule;
  /** The fields of the kind: decides unknown fields, list merging and ownership. */
  readonly schema: Schema;
  /** Field selectors beside `metadata.name` and `metadata.namespace`. */
  readonly selectableFields: readonly string[];
  /** Whether `metadata.generation` counts changes of the spec. */
  readonly hasGeneration: boolean;
  /** PUT without a resourceVersion is refused by some kinds. */
  readonly unconditionalUpdate: boolean;
  /** PUT to a missing object creates it for some kinds. */
  readonly createOnUpdate: boolean;
  readonly verbs: readonly string[];
  /** The kind whose objects these are, under other names. Its refusals are worded as that kind's. */
  readonly storage?: Resource;
  /** An object of this kind or its `storage` with the fields, and only the fields, this kind's answers have. */
  readonly form?: (object: ApiObject) => ApiObject;
  /** The schema of a custom resource, from its definition; absent for the server's own kinds. */
  readonly custom?: OpenApi;
}

/** The kind under which objects are stored, and which the server's registry names in refusals. */
export function storedAs(of: Resource): Resource {
  return of.storage ?? of;
}

export interface Subresource {
  readonly name: string;
  readonly verbs: readonly string[];
  readonly kind?: string;
  readonly group?: string;
  readonly version?: string;
}

export const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
export const STATUS: Subresource = { name: 'status', verbs: ['get', 'patch', 'update'] };

export type ResourceInput = Pick<Resource, 'group' | 'version' | 'plural' | 'kind' | 'schema'> & Partial<Resource>;

/** A resource with the ordinary properties; the row says what differs. */
export function resource(input: ResourceInput): Resource {
  return {
    singular: input.kind.toLowerCase(),
    namespaced: true,
    subresources: [],
    nameRule: 'subdomain',
    selectableFields: [],
    hasGeneration: false,
    unconditionalUpdate: true,
    createOnUpdate: false,
    verbs: ALL_VERBS,
    ...input,
  };
}

/** `networkpolicies.networking.k8s.io`, or `pods` in the core group: how messages name a resource. */
export function qualifiedPlural(of: Pick<Resource, 'group' | 'plural'>): string {
  return of.group === '' ? of.plural : `${of.plural}.${of.group}`;
}

export function qualifiedKind(of: Pick<Resource, 'group' | 'kind'>): string {
  return of.group === '' ? of.kind : `${of.kind}.${of.group}`;
}

export function apiVersionOf(of: Pick<Resource, 'group' | 'version'>): string {
  return of.group === '' ? of.version : `${of.group}/${of.version}`;
}
