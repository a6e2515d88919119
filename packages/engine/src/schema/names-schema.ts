import type { EditorSchema } from './editor-schema.ts';

/** Parts of the loaded plugins by their names. */
type Parts = ReadonlyMap<string, { readonly part: { readonly description: string } }>;

/** The name of one of the parts, each with what it is; `orElse` may stand in its place. */
export function namesSchema(parts: Parts, orElse: readonly unknown[] = []): EditorSchema {
  const sorted = [...parts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  // A schema needs one value at least.
  if (sorted.length === 0) return { enum: [null], errorMessage: 'no loaded plugin brings any' };
  return {
    enum: [...sorted.map(([name]) => name), ...orElse],
    enumDescriptions: sorted.map(([, { part }]) => part.description),
  };
}
