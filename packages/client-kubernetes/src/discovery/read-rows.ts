import type { DiscoveredResource } from '../kubernetes.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a discovery document says. Whatever is not as documented is left out: an extension of the cluster may have written it. */
export interface Rows {
  readonly resources: readonly DiscoveredResource[];
  /** Groups the API server knows of and cannot ask now. */
  readonly silent: readonly string[];
}

/** An APIGroupDiscoveryList; within a group the preferred version stands first. */
export function readAggregated(document: Json): Rows {
  const silent: string[] = [];
  const resources = records(document['items']).flatMap((item) => {
    const group = text(record(item['metadata'])?.['name']) ?? '';
    return records(item['versions']).flatMap((served) => {
      if (served['freshness'] === 'Stale') silent.push(group);
      return records(served['resources']).flatMap((row) =>
        readRow(group, served['version'], {
          plural: row['resource'],
          kind: record(row['responseKind'])?.['kind'],
          namespaced: row['scope'] === 'Namespaced',
          verbs: row['verbs'],
        }),
      );
    });
  });
  return { resources, silent };
}

/** An APIResourceList: one version of one group. Subresources are rows of their own there. */
export function readResourceList(document: Json, group: string, version: string): readonly DiscoveredResource[] {
  return records(document['resources']).flatMap((row) =>
    readRow(group, version, {
      plural: row['name'],
      kind: row['kind'],
      namespaced: row['namespaced'] === true,
      verbs: row['verbs'],
    }),
  );
}

/** Group and version of each version an APIGroupList names, the preferred one of a group first. */
export function readGroupVersions(document: Json): readonly { readonly group: string; readonly version: string }[] {
  return records(document['groups']).flatMap((entry) => {
    const group = text(entry['name']);
    const preferred = text(record(entry['preferredVersion'])?.['version']);
    if (group === undefined) return [];
    const others = records(entry['versions']).map((version) => text(version['version']));
    return [...new Set([preferred, ...others])].flatMap((version) => (version === undefined ? [] : { group, version }));
  });
}

interface Row {
  readonly plural: unknown;
  readonly kind: unknown;
  readonly namespaced: boolean;
  readonly verbs: unknown;
}

function readRow(
  group: string,
  version: unknown,
  { plural, kind, namespaced, verbs }: Row,
): readonly DiscoveredResource[] {
  if (typeof version !== 'string' || typeof plural !== 'string' || typeof kind !== 'string') return [];
  if (plural.includes('/')) return [];
  const known = Array.isArray(verbs) ? verbs.filter((verb) => typeof verb === 'string') : [];
  return [{ group, version, plural, kind, namespaced, verbs: known }];
}

function record(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function records(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter((item) => record(item) !== undefined) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
