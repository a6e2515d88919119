import { isTalonError } from '@falco-talon/core';
import { readJson } from '../answer-body.ts';
import { tooManyObjects } from '../failure.ts';
import type { DiscoveredResource } from '../kubernetes.ts';
import type { Limits } from '../limits.ts';
import { perform, type Call, type Session } from '../transport/call.ts';
import { readAggregated, readGroupVersions, readResourceList, type Rows } from './read-rows.ts';

/** All groups in one answer. v2 since Kubernetes 1.30, v2beta1 since 1.27; older servers send the plain document. */
const AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

/**
 * What the cluster serves: two calls, with an API server that does not aggregate one more for each version of each group.
 * @throws TalonError
 */
export async function fetchResources(session: Session, limits: Limits, signal: AbortSignal): Promise<Rows> {
  const all: DiscoveredResource[] = [];
  const silent: string[] = [];
  for (const root of ['/api', '/apis']) {
    const { call, document } = await fetchDocument(session, limits, root, signal);
    const rows =
      document['kind'] === 'APIGroupDiscoveryList'
        ? readAggregated(document)
        : await fetchEach(session, limits, document, signal);
    if (all.length + rows.resources.length > limits.discoveredResources) {
      throw tooManyObjects(call, limits.discoveredResources);
    }
    all.push(...rows.resources);
    silent.push(...rows.silent);
  }
  return { resources: all, silent };
}

/** One after the other, so that they do not hold up the calls of actions. */
async function fetchEach(
  session: Session,
  limits: Limits,
  document: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Rows> {
  const core = Array.isArray(document['versions']);
  const versions = core ? [{ group: '', version: 'v1' }] : readGroupVersions(document);
  const resources: DiscoveredResource[] = [];
  const silent: string[] = [];
  for (const { group, version } of versions) {
    const path = core ? `/api/${version}` : `/apis/${encodeURIComponent(group)}/${encodeURIComponent(version)}`;
    try {
      const { call, document: list } = await fetchDocument(session, limits, path, signal);
      resources.push(...readResourceList(list, group, version));
      if (resources.length > limits.discoveredResources) throw tooManyObjects(call, limits.discoveredResources);
    } catch (error) {
      if (!concernsGroupOnly(error)) throw error;
      silent.push(group);
    }
  }
  return { resources, silent };
}

/** An extension's API server that is down takes its own group away, not the others. */
function concernsGroupOnly(error: unknown): boolean {
  return isTalonError(error) && (error.code === 'unavailable' || error.code === 'unsupported');
}

async function fetchDocument(session: Session, limits: Limits, path: string, signal: AbortSignal) {
  const call: Call = { method: 'GET', path, accept: AGGREGATED, verb: 'get', resource: path, signal };
  const document = readJson(call, await perform(session, call, limits)) as Readonly<Record<string, unknown>>;
  return { call, document };
}
