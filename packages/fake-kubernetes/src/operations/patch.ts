import { checkRight } from '../access/authorize.ts';
import type { ApiObject } from '../api-object.ts';
import { timestamp } from '../api-object.ts';
import { applyConfiguration } from '../apply/apply.ts';
import type { Manager } from '../apply/managed-fields.ts';
import type { Json, JsonObject } from '../json.ts';
import { goKind, goValue, isObject, quote, textAt } from '../json.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic-merge.ts';
import { decodeObject } from '../resources/custom/read-custom.ts';
import { apiVersionOf, storedAs } from '../resources/resource.ts';
import type { StructSchema } from '../schema/schema.ts';
import type { Answer, Refusal } from '../server/answer.ts';
import { refuse } from '../server/answer.ts';
import { badRequest, conflict, internalError, notFound } from '../server/refusals.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import { createObject } from './create.ts';
import { asApiObject, jsonProblem, mediaType } from './read-body.ts';
import { updateObject } from './update.ts';
import { strictError, unknownFieldWarnings, writeOptions } from './write-options.ts';

const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const APPLY = 'application/apply-patch+yaml';

function parsePatch(request: ApiRequest, prefix: string): Json {
  const text = request.body.toString();
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(`${prefix}${jsonProblem(text, error)}`);
  }
}

function objectPatch(patch: Json): JsonObject {
  if (isObject(patch)) return patch;
  throw badRequest(
    `error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type map[string]interface {}`,
  );
}

/** 422 whose message holds what was patched: the whole object, or the patch of a strategic one. */
function unreadable(what: string, why: string): Refusal {
  const cause = { reason: 'FieldValueInvalid', message: `Invalid value: ${quote(what)}: ${why}`, field: 'patch' };
  return refuse({
    code: 422,
    reason: 'Invalid',
    message: ` "" is invalid: patch: ${cause.message}`,
    details: { causes: [cause] },
  });
}

interface Patched {
  readonly value: JsonObject;
  /** What the server shows when the result does not fit the kind. */
  readonly shown: string;
  readonly wrongType?: string;
}

function patched(request: ApiRequest, before: JsonObject, type: string): Patched {
  if (type === STRATEGIC) {
    const patch = objectPatch(parsePatch(request, ''));
    const value = strategicMerge(request.resource.schema, before, patch) as JsonObject;
    return { value, shown: goValue(patch), wrongType: 'unrecognized type: string' };
  }
  const patch = parsePatch(request, 'error decoding patch: ');
  const value = type === JSON_PATCH ? jsonPatch(before, patch) : mergePatch(before, objectPatch(patch));
  if (!isObject(value)) throw badRequest('the patched document is not an object');
  return { value, shown: JSON.stringify(value) };
}

function changeObject(cluster: Cluster, request: ApiRequest, before: ApiObject, type: string): Answer {
  const options = writeOptions(request, 'PatchOptions');
  const result = patched(request, before as unknown as JsonObject, type);
  const { value, unknown, wrongType } = decodeObject(request.resource, result.value);
  if (wrongType !== undefined) throw unreadable(result.shown, result.wrongType ?? wrongType);
  if (options.strict && unknown.length > 0) throw unreadable(result.shown, strictError(unknown));
  const after = updateObject(cluster, request, before, asApiObject(request.resource, value), options);
  return { status: 200, body: after, warnings: unknownFieldWarnings(unknown, options) };
}

function gvk(body: JsonObject): string {
  const [group = '', version] = textAt(body, 'apiVersion').split('/');
  return version === undefined ? `/${group}` : `${group}/${version}`;
}

function readConfiguration(request: ApiRequest): JsonObject {
  const { resource } = request;
  const parsed = parsePatch(request, 'error decoding YAML: ');
  const body = objectPatch(parsed);
  const kind = textAt(body, 'kind');
  if (kind !== resource.kind || textAt(body, 'apiVersion') !== apiVersionOf(resource)) {
    throw badRequest(`invalid object type: ${gvk(body)}, Kind=${kind}`);
  }
  const metadata = isObject(body['metadata']) ? body['metadata'] : {};
  if (metadata['managedFields'] !== undefined && metadata['managedFields'] !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const { value, unknown, wrongType } = decodeObject(resource, body);
  const subject = `${textAt(metadata, 'namespace')}/${textAt(metadata, 'name')}; ${apiVersionOf(resource)}, Kind=${kind}`;
  if (unknown.length > 0) {
    const list = unknown.map((field) => `.${field}: field not declared in schema`);
    throw internalError(`failed to create typed patch object (${subject}): ${list.join('\n')}`);
  }
  if (wrongType !== undefined) throw internalError(`failed to create typed patch object (${subject}): ${wrongType}`);
  return value;
}

/** Server-side apply: 201 when it created the object. */
function apply(cluster: Cluster, request: ApiRequest, before: ApiObject | undefined): Answer {
  const options = writeOptions(request, 'PatchOptions', true);
  const { resource, name } = request;
  const applied = readConfiguration(request);
  const manager: Manager = {
    name: options.fieldManager,
    operation: 'Apply',
    apiVersion: apiVersionOf(resource),
    time: timestamp(cluster.now()),
    ...(request.subresource === '' ? {} : { subresource: request.subresource }),
  };
  const { object, entries } = applyConfiguration({
    schema: resource.schema as StructSchema,
    live: (before ?? {}) as JsonObject,
    applied,
    entries: before?.metadata.managedFields ?? [],
    manager,
    force: options.force,
  });
  const wanted = asApiObject(resource, decodeObject(resource, object).value);
  if (before !== undefined) {
    const after = updateObject(cluster, request, before, wanted, { ...options, managedFields: entries });
    return { status: 200, body: after };
  }
  const uid = textAt(applied, 'metadata', 'uid');
  if (uid !== '') {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(resource, name, why);
  }
  wanted.metadata.name = wanted.metadata.name === '' ? name : wanted.metadata.name;
  checkRight(cluster.store, request, 'create');
  const created = createObject(cluster, request, wanted, {
    dryRun: options.dryRun,
    manager,
    managedFields: [...entries],
  });
  return { status: 201, body: created };
}

export function patch(cluster: Cluster, request: ApiRequest): Answer {
  const type = mediaType(request);
  const { resource, name } = request;
  if (![MERGE, STRATEGIC, JSON_PATCH, APPLY].includes(type) && resource.custom === undefined) {
    throw refuse({ code: 415, reason: 'UnsupportedMediaType', message: '415: Unsupported Media Type', details: {} });
  }
  if (![MERGE, JSON_PATCH, APPLY].includes(type) && resource.custom !== undefined) {
    const accepted = [JSON_PATCH, MERGE, APPLY].join(', ');
    const message = `the body of the request was in an unknown format - accepted media types include: ${accepted}`;
    throw refuse({ code: 415, reason: 'UnsupportedMediaType', message });
  }
  const before = cluster.store.get(resource, resource.namespaced ? request.namespace : '', name);
  if (type === APPLY) return apply(cluster, request, before);
  writeOptions(request, 'PatchOptions');
  if (before === undefined) throw notFound(storedAs(resource), name);
  return changeObject(cluster, request, before, type);
}
