import type { Effective } from './load-config.ts';
import { masked } from './mask.ts';
import type { Origin } from './origins.ts';
import { treeSchema, type Branch, type Leaf } from './owners.ts';

/** One key of the configuration in force. */
export interface EffectiveValue {
  readonly path: readonly string[];
  /** Secrets are masked. Undefined for a section no loaded plugin owns: nobody reads it. */
  readonly value: unknown;
  /** Undefined: its default. */
  readonly origin: Origin | undefined;
  readonly read: boolean;
}

/** Every key that has a value, in the order of the reference. */
export function effectiveValues({ tree, values, origins }: Effective): readonly EffectiveValue[] {
  const result: EffectiveValue[] = [];
  walk(tree, values, []);
  return result;

  function walk(node: Branch | Leaf, value: unknown, path: readonly string[]): void {
    if (value === undefined || value === null) return;
    if (node.type === 'branch' && typeof value === 'object' && !Array.isArray(value)) {
      for (const [key, child] of node.keys)
        walk(child, (value as Readonly<Record<string, unknown>>)[key], [...path, key]);
      return;
    }
    const read = node.type === 'branch' || node.owner !== undefined;
    const origin = origins.own(path);
    result.push({ path, value: read ? masked(value, treeSchemaOf(node)) : undefined, origin, read });
  }
}

/** Of a branch the properties, so that a scalar in its place is masked when a secret belongs into it. */
function treeSchemaOf(node: Branch | Leaf) {
  return node.type === 'leaf' ? node.schema : treeSchema(node);
}
