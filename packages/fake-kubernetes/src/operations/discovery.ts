import { createHash } from 'node:crypto';
import type { JsonObject } from '../json.ts';
import { groupVersions, RESOURCES } from '../resources/registry.ts';
import type { Resource, Subresource } from '../resources/resource.ts';
import { apiVersionOf } from '../resources/resource.ts';
import type { Answer } from '../server/answer.ts';
import { plainText } from '../server/answer.ts';

const VERSION = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.2',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-06-01T00:00:00Z',
  goVersion: 'go1.26.10',
  compiler: 'gc',
  platform: 'linux/amd64',
};
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

function names(resource: Resource): JsonObject {
  return {
    ...(resource.shortNames === undefined ? {} : { shortNames: [...resource.shortNames] }),
    ...(resource.categories === undefined ? {} : { categories: [...resource.categories] }),
  };
}

function rows(resource: Resource): readonly JsonObject[] {
  const { plural, singular, namespaced, kind } = resource;
  const own: JsonObject = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: [...resource.verbs],
    ...names(resource),
  };
  const subs = resource.subresources.map((sub): JsonObject => ({
    name: `${plural}/${sub.name}`,
    singularName: '',
    namespaced,
    ...(sub.group === undefined ? {} : { group: sub.group, version: sub.version ?? 'v1' }),
    kind: sub.kind ?? kind,
    verbs: [...sub.verbs],
  }));
  return [own, ...subs];
}

function resourceList(groupVersion: string): JsonObject {
  const resources = RESOURCES.filter((row) => apiVersionOf(row) === groupVersion).flatMap(rows);
  const core = groupVersion === 'v1';
  return { kind: 'APIResourceList', ...(core ? {} : { apiVersion: 'v1' }), groupVersion, resources };
}

const responseKind = (sub: Pick<Subresource, 'group' | 'version' | 'kind'>, kind: string): JsonObject => ({
  group: sub.group ?? '',
  version: sub.version ?? '',
  kind: sub.kind ?? kind,
});

function aggregatedRow(resource: Resource): JsonObject {
  const { plural, singular, namespaced, kind, subresources } = resource;
  return {
    resource: plural,
    responseKind: responseKind({}, kind),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: [...resource.verbs],
    ...names(resource),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((sub) => ({
            subresource: sub.name,
            responseKind: responseKind(sub, kind),
            verbs: [...sub.verbs],
          })),
        }),
  };
}

function aggregated(versions: readonly string[]): Answer {
  const items = versions.map((groupVersion) => {
    const served = RESOURCES.filter((row) => apiVersionOf(row) === groupVersion);
    const group = served[0]?.group ?? '';
    return {
      metadata: group === '' ? {} : { name: group },
      versions: [{ version: served[0]?.version ?? 'v1', resources: served.map(aggregatedRow), freshness: 'Current' }],
    };
  });
  const body = { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
  const etag = createHash('sha512').update(JSON.stringify(body)).digest('hex').toUpperCase();
  return { status: 200, headers: { 'content-type': AGGREGATED, etag: `"${etag}"`, vary: 'Accept' }, body };
}

function group(groupVersion: string): JsonObject {
  const [name = '', version = ''] = groupVersion.split('/');
  const preferred = { groupVersion, version };
  return { name, versions: [preferred], preferredVersion: preferred };
}

/** Discovery, version and health. `undefined` for a path nobody serves. */
export function discovery(path: string, accept: string, address: string): Answer | undefined {
  const named = groupVersions().filter((version) => version !== 'v1');
  const combined = accept.includes('as=APIGroupDiscoveryList') && accept.includes('v=v2');
  switch (path) {
    case '/healthz':
    case '/livez':
    case '/readyz':
      return plainText(200, 'ok');
    case '/version':
      return { status: 200, body: VERSION };
    case '/api': {
      if (combined) return aggregated(['v1']);
      const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: address }];
      return { status: 200, body: { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs } };
    }
    case '/apis':
      if (combined) return aggregated(named);
      return { status: 200, body: { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(group) } };
    case '/api/v1':
      return { status: 200, body: resourceList('v1') };
    default: {
      const [, root, name, version, ...rest] = path.split('/');
      if (root !== 'apis' || name === undefined || rest.length > 0) return undefined;
      if (version === undefined) {
        const found = named.find((groupVersion) => groupVersion.startsWith(`${name}/`));
        return found === undefined
          ? undefined
          : { status: 200, body: { kind: 'APIGroup', apiVersion: 'v1', ...group(found) } };
      }
      const found = named.find((groupVersion) => groupVersion === `${name}/${version}`);
      return found === undefined ? undefined : { status: 200, body: resourceList(found) };
    }
  }
}
