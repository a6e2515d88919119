import { fit, jsonSchema, nearest, unknownKey, type Static, type TSchema } from '@falco-talon/core';
import type { KeyNotes } from './block-keys.ts';
import type { Placed } from './block.ts';
import type { Report } from './report.ts';
import { isNull, plainValue, type YamlEntry, type YamlMap, type YamlNode } from './yaml-node.ts';

type Schemas = Readonly<Record<string, TSchema>>;

export interface ReadKeys<S extends Schemas> {
  readonly values: { readonly [K in keyof S]?: Static<S[K]> };
  /** Where the values of `values` stand. */
  readonly entries: ReadonlyMap<string, YamlEntry>;
  /** Keys with a wrong value, unknown ones, and what those were probably meant to be. */
  readonly broken: ReadonlySet<string>;
}

/** Reads each key of a map on its own, so that one mistake hides no other. A key without a value counts as not mentioned. */
export function readKeys<const S extends Schemas>(
  map: YamlMap,
  schemas: S,
  report: Report,
  notes: KeyNotes = {},
): ReadKeys<S> {
  const known = Object.keys(schemas);
  const values = new Map<string, unknown>();
  const entries = new Map<string, YamlEntry>();
  const broken = new Set<string>();
  for (const [key, entry] of map.entries) {
    if (!Object.hasOwn(schemas, key)) {
      const meant = nearest(key, known);
      const elsewhere = Object.hasOwn(notes.elsewhere ?? {}, key) ? notes.elsewhere![key] : undefined;
      const note = elsewhere ?? (meant === undefined ? notes.unknown : undefined);
      const { message } = unknownKey(key, known, []);
      report.error(entry.key, note === undefined ? message : `unknown key ${JSON.stringify(key)} here; ${note}`);
      broken.add(key);
      if (meant !== undefined) broken.add(meant);
      continue;
    }
    if (isNull(entry.value)) continue;
    const fitted = fit(schemas[key]!, outline(schemas[key]!, entry.value));
    const written = Object.hasOwn(notes.written ?? {}, key) ? `; ${notes.written![key]}` : '';
    const issues = fitted.issues.map(({ path, message }) => ({
      path,
      message: path.length > 0 ? message : message + written,
    }));
    report.issues(entry, issues, fitted.value);
    if (fitted.issues.length > 0) {
      broken.add(key);
      continue;
    }
    values.set(key, fitted.value);
    entries.set(key, entry);
  }
  return { values: Object.fromEntries(values) as ReadKeys<S>['values'], entries, broken };
}

/** The value, without what stands below a list or map whose items are read elsewhere. */
function outline(schema: TSchema, node: YamlNode): unknown {
  const { type, enum: words, properties, items } = jsonSchema(schema);
  if (type === undefined && words === undefined) return undefined;
  if (node.kind === 'list' && items !== undefined && items.type === undefined) return [];
  return node.kind === 'map' && type === 'object' && properties && Object.keys(properties).length === 0
    ? {}
    : plainValue(node);
}

/** A text that was read, with its place. */
export function placed(text: string | undefined, entry: YamlEntry | undefined): Placed | undefined {
  return text === undefined || entry === undefined ? undefined : { text, place: entry.value.place };
}

/** The texts of a list that was read, each with its place. */
export function placedList(texts: readonly string[] | undefined, entry: YamlEntry | undefined): Placed[] | undefined {
  if (texts === undefined || entry?.value.kind !== 'list') return undefined;
  const { items, place } = entry.value;
  return texts.map((text, index) => ({ text, place: items[index]?.place ?? place }));
}

/** A map that was read, with its key. */
export function mapEntry(entry: YamlEntry | undefined): YamlEntry<YamlMap> | undefined {
  return entry?.value.kind === 'map' ? { key: entry.key, value: entry.value } : undefined;
}

/** Names go into logs, object names and annotations: they are one line of visible text. */
export function checkName(name: Placed, report: Report): void {
  if (/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(name.text)) {
    report.error(name.place, 'a name must not contain control characters');
  } else if (name.text.trim() !== name.text) {
    report.error(name.place, 'a name must not begin or end with a space');
  }
}
