import type { Json, JsonObject } from '../json.ts';
import { goKind, isObject, sameJson, setKey } from '../json.ts';
import { refuse } from '../server/answer.ts';
import { badRequest } from '../server/refusals.ts';

type Container = Json[] | JsonObject;

/** The server tells nobody what was wrong with an operation. */
function rejected(): Error {
  return refuse({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
    details: {},
  });
}

function tokens(pointer: Json | undefined): readonly string[] {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) throw rejected();
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function child(container: Json, token: string): Json | undefined {
  if (Array.isArray(container)) return container[indexIn(container, token)];
  return isObject(container) && Object.hasOwn(container, token) ? container[token] : undefined;
}

function indexIn(list: readonly Json[], token: string): number {
  if (token === '-') return list.length;
  if (!/^-?\d+$/.test(token)) throw rejected();
  const index = Number(token);
  return index < 0 ? list.length + index : index;
}

function parentOf(root: Json, path: readonly string[]): Container {
  let current: Json | undefined = root;
  for (const token of path.slice(0, -1)) current = current === undefined ? undefined : child(current, token);
  if (!Array.isArray(current) && !isObject(current)) throw rejected();
  return current;
}

function valueAt(root: Json, path: readonly string[]): Json | undefined {
  let current: Json | undefined = root;
  for (const token of path) current = current === undefined ? undefined : child(current, token);
  return current;
}

function add(root: Json, path: readonly string[], value: Json): Json {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = parentOf(root, path);
  if (!Array.isArray(parent)) setKey(parent, last, value);
  else {
    const index = indexIn(parent, last);
    if (index < 0 || index > parent.length) throw rejected();
    parent.splice(index, 0, value);
  }
  return root;
}

/** Lenient as the server is: a missing key is simply set. A missing parent or list index is refused. */
function replace(root: Json, path: readonly string[], value: Json): Json {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = parentOf(root, path);
  if (!Array.isArray(parent)) setKey(parent, last, value);
  else {
    const index = indexIn(parent, last);
    if (index < 0 || index >= parent.length) throw rejected();
    parent[index] = value;
  }
  return root;
}

function remove(root: Json, path: readonly string[]): Json {
  const last = path.at(-1);
  if (last === undefined) throw rejected();
  const parent = parentOf(root, path);
  if (!Array.isArray(parent)) {
    if (!Object.hasOwn(parent, last)) throw rejected();
    delete parent[last];
  } else {
    const index = indexIn(parent, last);
    if (index < 0 || index >= parent.length) throw rejected();
    parent.splice(index, 1);
  }
  return root;
}

function apply(root: Json, operation: JsonObject): Json {
  const path = tokens(operation['path']);
  const value = operation['value'] ?? null;
  switch (operation['op']) {
    case 'add':
      return add(root, path, value);
    case 'replace':
      return replace(root, path, value);
    case 'remove':
      return remove(root, path);
    case 'test':
      if (!sameJson(valueAt(root, path) ?? null, value)) throw rejected();
      return root;
    case 'copy':
    case 'move': {
      const from = tokens(operation['from']);
      const moved = valueAt(root, from);
      if (moved === undefined) throw rejected();
      const copied = structuredClone(moved);
      return add(operation['op'] === 'move' ? remove(root, from) : root, path, copied);
    }
    default:
      throw rejected();
  }
}

/** RFC 6902 as the API server applies it; `target` stays as it is. */
export function jsonPatch(target: JsonObject, patch: Json): Json {
  if (!Array.isArray(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type []handlers.jsonPatchOp`,
    );
  }
  let result: Json = structuredClone(target);
  for (const operation of patch) {
    if (!isObject(operation)) throw rejected();
    result = apply(result, operation);
  }
  return result;
}
