import type { Json, JsonObject } from '../json.ts';
import { goKind, isObject, setKey } from '../json.ts';
import type { Scalar, Schema, StructSchema } from './schema.ts';
import { fieldSchema } from './schema.ts';
import { microTimeProblem } from './micro-time.ts';

export interface Decoded {
  readonly value: JsonObject;
  /** Fields the kind does not have, as in the server's warnings: `spec.taints[0].bogus`. They are dropped. */
  readonly unknown: readonly string[];
  /** The first value of a wrong type, in the words of Go's decoder. */
  readonly wrongType?: string;
}

interface Findings {
  readonly unknown: string[];
  wrongType?: string | undefined;
}

/** Where a value stands: with indexes for warnings, without them and with the Go type for type errors. */
interface Place {
  readonly path: string;
  readonly plain: string;
  readonly owner: string;
}

function fits(schema: Scalar, value: Json): boolean {
  if (schema === 'integer') return typeof value === 'number';
  if (schema === 'boolean' || schema === 'flag') return typeof value === 'boolean';
  if (schema === 'integer-or-string') return typeof value === 'string' || typeof value === 'number';
  return typeof value === 'string';
}

const GO_TYPE: Readonly<Record<Scalar, string>> = {
  string: 'string',
  integer: 'int64',
  boolean: 'bool',
  flag: 'bool',
  'integer-or-string': 'intstr.IntOrString',
  time: 'string',
  'micro-time': 'string',
};

function mistyped(value: Json, place: Place, type: string, findings: Findings): undefined {
  const what = `json: cannot unmarshal ${goKind(value)} into Go struct field ${place.owner}.${place.plain} of type ${type}`;
  findings.wrongType ??= what;
  return undefined;
}

function decodeStruct(schema: StructSchema, value: JsonObject, place: Place, findings: Findings): JsonObject {
  const result: JsonObject = {};
  const known = Object.keys(schema.fields).filter((key) => Object.hasOwn(value, key));
  const others = Object.keys(value).filter((key) => !Object.hasOwn(schema.fields, key));
  for (const key of [...known, ...others]) {
    const item = value[key] ?? null;
    const field = fieldSchema(schema, key);
    const path = place.path === '' ? key : `${place.path}.${key}`;
    if (field === undefined) {
      findings.unknown.push(path);
      continue;
    }
    const plain = place.plain === '' ? key : `${place.plain}.${key}`;
    const decoded = decodeValue(field, item, { path, plain, owner: schema.go }, findings);
    if (decoded !== undefined) setKey(result, key, decoded);
  }
  return result;
}

function decodeMap(of: Schema, value: JsonObject, place: Place, findings: Findings): JsonObject | undefined {
  const result: JsonObject = {};
  // Go writes maps in the order of their keys.
  for (const [key, item] of Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const decoded = decodeValue(of, item, { ...place, path: `${place.path}.${key}` }, findings);
    if (decoded !== undefined) setKey(result, key, decoded);
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

/** `undefined` for a value that is not stored: null, the empty map, a false flag. */
function decodeValue(schema: Schema, value: Json, place: Place, findings: Findings): Json | undefined {
  if (schema === 'any' || schema === 'free') return value ?? undefined;
  if (value === null) return schema === 'time' || schema === 'micro-time' ? null : undefined;
  if (typeof schema === 'string') {
    if (!fits(schema, value)) return mistyped(value, place, GO_TYPE[schema], findings);
    if (schema === 'micro-time' && typeof value === 'string') findings.wrongType ??= microTimeProblem(value);
    return schema === 'flag' && value === false ? undefined : value;
  }
  if (schema.type === 'list') {
    if (!Array.isArray(value)) return mistyped(value, place, '[]', findings);
    return value.flatMap((item, index) => {
      const decoded = decodeValue(schema.of, item, { ...place, path: `${place.path}[${index}]` }, findings);
      return decoded === undefined ? [] : [decoded];
    });
  }
  if (!isObject(value))
    return mistyped(value, place, schema.type === 'map' ? 'map[string]string' : schema.go, findings);
  if (schema.type === 'map') return decodeMap(schema.of, value, place, findings);
  return decodeStruct(schema, value, place, findings);
}

/** Reads an object as the server's typed decoder does: known fields in their order, the rest reported. */
export function decode(schema: Schema, value: JsonObject): Decoded {
  const findings: Findings = { unknown: [] };
  const decoded = decodeValue(schema, value, { path: '', plain: '', owner: '' }, findings);
  return {
    value: isObject(decoded) ? decoded : {},
    unknown: findings.unknown,
    ...(findings.wrongType === undefined ? {} : { wrongType: findings.wrongType }),
  };
}
