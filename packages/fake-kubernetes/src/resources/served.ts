import type { Store } from '../storage/store.ts';
import { customResources } from './custom/definitions.ts';
import { RESOURCES } from './registry.ts';
import type { Resource } from './resource.ts';
import { apiVersionOf, qualifiedPlural } from './resource.ts';

/** Everything the server serves now: its own kinds and those of the stored definitions. */
export function servedResources(store: Pick<Store, 'list'>): readonly Resource[] {
  return [...RESOURCES, ...customResources(store)];
}

export function findServed(
  store: Pick<Store, 'list'>,
  group: string,
  version: string,
  plural: string,
): Resource | undefined {
  return servedResources(store).find((row) => row.group === group && row.version === version && row.plural === plural);
}

export function servedKind(store: Pick<Store, 'list'>, apiVersion: string, kind: string): Resource | undefined {
  return servedResources(store).find((row) => row.kind === kind && apiVersionOf(row) === apiVersion);
}

/**
 * `events` are those of the core group, `events.events.k8s.io` the others; a custom resource is found by either name, by
 * the short one unless it is one of the server's own.
 * @throws Error for a plural the server does not serve: a mistake in the test that asked.
 */
export function servedPlural(store: Pick<Store, 'list'>, plural: string): Resource {
  const rows = servedResources(store);
  const found = rows.find((row) => row.plural === plural) ?? rows.find((row) => qualifiedPlural(row) === plural);
  if (found === undefined) throw new Error(`fake-kubernetes serves no resource ${JSON.stringify(plural)}`);
  return found;
}

/** In the order of the rows, each once. */
export function groupVersionsOf(rows: readonly Resource[]): readonly string[] {
  return [...new Set(rows.map(apiVersionOf))];
}
