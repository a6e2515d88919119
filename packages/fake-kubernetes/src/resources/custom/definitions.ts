import type { ApiObject } from '../../api-object.ts';
import type { JsonObject } from '../../json.ts';
import { at, isObject, textAt } from '../../json.ts';
import { objectMeta, openSchema } from '../../schema/metadata.ts';
import type { Schema, StructSchema } from '../../schema/schema.ts';
import type { Store } from '../../storage/store.ts';
import type { Resource } from '../resource.ts';
import { resource, STATUS } from '../resource.ts';
import type { OpenApi } from './open-api.ts';
import { keepsUnknown, ownership } from './open-api.ts';

/** CustomResourceDefinitions: storing one makes its kind served and discovered. */
export const DEFINITIONS: Resource = resource({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  schema: openSchema('CustomResourceDefinition'),
  hasGeneration: true,
  subresources: [STATUS],
});

/** In the order the server lists them for custom resources. */
const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

function rootSchema(openApi: OpenApi): StructSchema {
  const known = Object.entries(openApi.properties ?? {}).filter(([key]) => key !== 'metadata');
  const fields: Record<string, Schema> = { apiVersion: 'string', kind: 'string', metadata: objectMeta };
  for (const [key, inner] of known) if (!Object.hasOwn(fields, key)) fields[key] = ownership(inner);
  // What is not known is stored with everything that is in it.
  return { type: 'struct', go: '', fields, ...(keepsUnknown(openApi) ? { open: 'free' } : {}) };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function servedVersion(definition: ApiObject, version: JsonObject): Resource {
  const { spec = {} } = definition;
  const names = isObject(spec['names']) ? spec['names'] : {};
  const openApi = (at(version, 'schema', 'openAPIV3Schema') ?? {}) as OpenApi;
  const shortNames = texts(names['shortNames']);
  const categories = texts(names['categories']);
  const kind = textAt(names, 'kind');
  const status = isObject(at(version, 'subresources', 'status'));
  return resource({
    group: textAt(spec, 'group'),
    version: textAt(version, 'name'),
    plural: textAt(names, 'plural'),
    singular: textAt(names, 'singular') || kind.toLowerCase(),
    kind,
    namespaced: spec['scope'] === 'Namespaced',
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    subresources: status ? [STATUS] : [],
    schema: rootSchema(openApi),
    hasGeneration: true,
    unconditionalUpdate: false,
    verbs: VERBS,
    custom: openApi,
  });
}

// Stored objects never change in place, so what one defines is worked out once.
const known = new WeakMap<ApiObject, readonly Resource[]>();

/** The kind a definition brings, once for each version that is served. */
export function resourcesOf(definition: ApiObject): readonly Resource[] {
  const found = known.get(definition);
  if (found !== undefined) return found;
  const versions = at(definition, 'spec', 'versions');
  const served = Array.isArray(versions) ? versions.filter(isObject).filter((row) => row['served'] === true) : [];
  const rows = served.map((row) => servedVersion(definition, row));
  known.set(definition, rows);
  return rows;
}

/** The kinds the stored definitions bring. */
export function customResources(store: Pick<Store, 'list'>): readonly Resource[] {
  return store.list(DEFINITIONS, '').flatMap(resourcesOf);
}
