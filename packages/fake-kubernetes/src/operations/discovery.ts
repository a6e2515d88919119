import { createHash } from 'node:crypto';
import type { JsonObject } from '../json.ts';
import { groupVersionsOf } from '../resources/served.ts';
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

/** What the objects are stored as, hashed as the server does it. */
function storageVersionHash({ group, version, kind }: Resource): string {
  const hash = createHash('sha256').update(`${group}/${version}/${kind}`).digest();
  return hash.subarray(0, 8).toString('base64');
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
    ...(resource.custom === undefined ? {} : { storageVersionHash: storageVersionHash(resource) }),
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

function resourceList(served: readonly Resource[], groupVersion: string): JsonObject {
  const own = served.filter((row) => apiVersionOf(row) === groupVersion);
  const resources = own.flatMap(rows);
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
    responseKind: responseKind(resource.custom === undefined ? {} : resource, kind),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: [...resource.verbs],
    ...names(resource),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((sub) => ({
            subresource: sub.name,
            responseKind: responseKind(resource.custom === undefined ? sub : { ...resource, ...sub }, kind),
            verbs: [...sub.verbs],
          })),
        }),
  };
}

function aggregated(served: readonly Resource[]): Answer {
  const groups = [...new Set(served.map((row) => row.group))];
  const items = groups.map((name) => ({
    metadata: name === '' ? {} : { name },
    versions: versionsOf(served, name).map((version) => {
      const own = served.filter((row) => row.group === name && row.version === version);
      return { version, resources: own.map(aggregatedRow), freshness: 'Current' };
    }),
  }));
  const body = { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
  const etag = createHash('sha512').update(JSON.stringify(body)).digest('hex').toUpperCase();
  return { status: 200, headers: { 'content-type': AGGREGATED, etag: `"${etag}"`, vary: 'Accept' }, body };
}

/** `v2`, `v10`, `v1`, `v1beta1`: stable versions first, newer ones first. */
function rank(version: string): readonly number[] {
  const [, major = '0', stage = '', minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  return [['alpha', 'beta', ''].indexOf(stage), Number(major), Number(minor)];
}

function versionsOf(served: readonly Resource[], group: string): readonly string[] {
  const versions = [...new Set(served.filter((row) => row.group === group).map((row) => row.version))];
  return versions.toSorted((a, b) => {
    const [first, second] = [rank(a), rank(b)];
    return first.map((value, index) => (second[index] ?? 0) - value).find((difference) => difference !== 0) ?? 0;
  });
}

function group(served: readonly Resource[], name: string): JsonObject {
  const versions = versionsOf(served, name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] ?? null };
}

/** Discovery, version and health. `undefined` for a path nobody serves. */
export function discovery(
  path: string,
  accept: string,
  served: readonly Resource[],
  address: string,
): Answer | undefined {
  const named = served.filter((row) => row.group !== '');
  const groups = [...new Set(named.map((row) => row.group))];
  const combined = accept.includes('as=APIGroupDiscoveryList') && accept.includes('v=v2');
  switch (path) {
    case '/healthz':
    case '/livez':
    case '/readyz':
      return plainText(200, 'ok');
    case '/version':
      return { status: 200, body: VERSION };
    case '/api': {
      if (combined) return aggregated(served.filter((row) => row.group === ''));
      const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: address }];
      return { status: 200, body: { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs } };
    }
    case '/apis':
      if (combined) return aggregated(named);
      return {
        status: 200,
        body: { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map((name) => group(served, name)) },
      };
    case '/api/v1':
      return { status: 200, body: resourceList(served, 'v1') };
    default: {
      const [, root, name, version, ...rest] = path.split('/');
      if (root !== 'apis' || name === undefined || rest.length > 0) return undefined;
      if (version === undefined) {
        if (!groups.includes(name)) return undefined;
        return { status: 200, body: { kind: 'APIGroup', apiVersion: 'v1', ...group(served, name) } };
      }
      const found = groupVersionsOf(named).find((groupVersion) => groupVersion === `${name}/${version}`);
      return found === undefined ? undefined : { status: 200, body: resourceList(served, found) };
    }
  }
}
