import type { ApiObject } from '../api-object.ts';
import type { Json, JsonObject } from '../json.ts';
import { isObject, quote, textAt } from '../json.ts';
import { decodeObject } from '../resources/custom/read-custom.ts';
import { resourceOfKind } from '../resources/registry.ts';
import type { Resource } from '../resources/resource.ts';
import { apiVersionOf } from '../resources/resource.ts';
import { refuse } from '../server/answer.ts';
import type { ApiRequest } from '../server/request.ts';
import { badRequest, invalid, invalidValue } from '../server/refusals.ts';
import type { WriteOptions } from './write-options.ts';
import { strictError, unknownFieldWarnings } from './write-options.ts';

export function mediaType(request: ApiRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** What is wrong with a text that is not JSON, in Go's words. */
export function jsonProblem(text: string, error: unknown): string {
  const position = /position (\d+)/.exec(String(error))?.[1];
  if (text.trim() === '' || position === undefined || Number(position) >= text.trimEnd().length) {
    return 'unexpected end of JSON input';
  }
  return `invalid character '${text[Number(position)] ?? ''}' looking for beginning of value`;
}

/** Parses JSON; YAML is read as far as it is JSON. @throws Refusal 400, 415 */
export function parseBody(request: ApiRequest, kind: string): Json {
  const type = mediaType(request);
  if (type !== '' && type !== 'application/json' && type !== 'application/yaml') {
    throw refuse({
      code: 415,
      reason: 'UnsupportedMediaType',
      message: `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml${request.resource.custom === undefined ? ', application/vnd.kubernetes.protobuf' : ''}`,
    });
  }
  const text = request.body.toString();
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${jsonProblem(text, error)} (${text.slice(0, 1024) || '<empty>'})`,
    );
  }
}

const internalGroup = (group: string): string => (group === '' ? 'core' : (group.split('.', 1)[0] ?? ''));

function wrongCustomKind(resource: Resource, body: JsonObject, kind: string, apiVersion: string): Error {
  const wanted = apiVersionOf(resource);
  if (apiVersion !== wanted) {
    return badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`,
    );
  }
  const error = invalidValue('kind', kind, `must be ${resource.kind}`);
  return invalid({ group: resource.group, kind }, textAt(body, 'metadata', 'name'), [error]);
}

function checkKind(resource: Resource, body: JsonObject): void {
  const kind = textAt(body, 'kind') || resource.kind;
  const apiVersion = textAt(body, 'apiVersion') || apiVersionOf(resource);
  if (kind === resource.kind && apiVersion === apiVersionOf(resource)) return;
  if (resource.custom !== undefined) throw wrongCustomKind(resource, body, kind, apiVersion);
  const other = resourceOfKind(apiVersion, kind);
  const version = apiVersion.split('/').at(-1) ?? '';
  const why =
    other === undefined
      ? `no kind ${quote(kind)} is registered for version ${quote(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`
      : `converting (${version}.${kind}) to (${internalGroup(resource.group)}.${resource.kind}): unknown conversion`;
  throw badRequest(`${kind} in version ${quote(version)} cannot be handled as a ${resource.kind}: ${why}`);
}

export interface ReadObject {
  readonly object: ApiObject;
  readonly warnings: readonly string[];
}

/** An object without system fields filled in yet: name and namespace are `''` when absent. */
export function asApiObject(resource: Resource, decoded: JsonObject): ApiObject {
  const metadata = isObject(decoded['metadata']) ? decoded['metadata'] : {};
  return {
    ...decoded,
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: { name: '', uid: '', resourceVersion: '', creationTimestamp: '', ...metadata } as ApiObject['metadata'],
  };
}

/** The body of a POST or PUT as an object of the kind. @throws Refusal 400, 415 */
export function readObject(request: ApiRequest, options: WriteOptions): ReadObject {
  const { resource } = request;
  const body = parseBody(request, resource.kind);
  if (!isObject(body)) throw badRequest(`couldn't get version/kind; json parse error: the body is not an object`);
  checkKind(resource, body);
  const { value, unknown, wrongType } = decodeObject(resource, body);
  const prefix = `${resource.kind} in version ${quote(resource.version)} cannot be handled as a ${resource.kind}: `;
  if (wrongType !== undefined) throw badRequest(`${prefix}${wrongType}`);
  if (options.strict && unknown.length > 0) throw badRequest(`${prefix}${strictError(unknown)}`);
  return { object: asApiObject(resource, value), warnings: unknownFieldWarnings(unknown, options) };
}

export function checkNamespace(request: ApiRequest, object: ApiObject): void {
  const given = object.metadata.namespace ?? '';
  if (given !== '' && given !== request.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}
