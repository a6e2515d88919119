import type { Issue, JsonSchema } from '@falco-talon/core';
import type { Section } from '@falco-talon/engine';
import type { ConfigMap } from './file-values.ts';
import type { Owner } from './owners.ts';

/** Charts render required keys that were not given as `""`: that is no value. */
export function dropEmpty({ path, schema }: Owner, all: ConfigMap): void {
  let node: unknown = all;
  for (const key of path) node = (node as ConfigMap | undefined)?.[key];
  if (typeof node !== 'object' || node === null) return;
  for (const [key, { type }] of Object.entries(schema.properties ?? {})) {
    if (type !== 'object' && isRequired(schema, key) && (node as ConfigMap)[key] === '')
      delete (node as ConfigMap)[key];
  }
}

/** Settings of every owner of a kind, by name, with what is missing from them. */
export function sectionsOf(
  kind: Owner['kind'],
  owners: readonly Owner[],
  all: ConfigMap,
): ReadonlyMap<string, Section> {
  const mine = owners.filter((owner) => owner.kind === kind);
  return new Map(
    mine.map((owner) => {
      const value = pick(owner, all);
      return [owner.name, { value, missing: missingKeys(owner.schema, value, owner.path) }];
    }),
  );
}

/** The owner's own keys: others may stand beside them on the same level. */
export function pick(owner: Owner, all: ConfigMap): ConfigMap {
  let node: unknown = all;
  for (const key of owner.path) node = (node as ConfigMap | undefined)?.[key];
  const keys = Object.keys(owner.schema.properties ?? {});
  const entries = Object.entries((node ?? {}) as ConfigMap).filter(([key]) => keys.includes(key));
  return Object.fromEntries(entries);
}

/** A key with a default stays in the schema's list of required ones. */
export function isRequired(schema: JsonSchema, key: string): boolean {
  return schema.required?.includes(key) === true && schema.properties?.[key]?.default === undefined;
}

function missingKeys(schema: JsonSchema, value: ConfigMap, path: readonly string[]): readonly Issue[] {
  const issues: Issue[] = [];
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const item = value[key];
    const required = isRequired(schema, key);
    if (property.properties !== undefined && typeof item === 'object' && item !== null) {
      if (required || Object.keys(item).length > 0)
        issues.push(...missingKeys(property, item as ConfigMap, [...path, key]));
    } else if (required && item === undefined) {
      const description = property.description === undefined ? '' : `: ${property.description}`;
      issues.push({ path, message: `${key} is missing${description}` });
    }
  }
  return issues;
}
