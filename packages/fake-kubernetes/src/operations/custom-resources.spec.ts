import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serviceAccount } from '../access/users.ts';
import { calicoCrds } from '../crds/calico.ts';
import { ciliumCrds } from '../crds/cilium.ts';
import { customResourceDefinition } from '../crds/definition.ts';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import type { Json } from '../json.ts';
import { at, textAt } from '../json.ts';
import type { Called, Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import { namespace } from '../workloads/workloads.ts';

let fake: FakeKubernetes;
let api: Client;
beforeEach(async () => {
  fake = await startFakeKubernetes({
    objects: [namespace('shop'), ...calicoCrds({ group: 'projectcalico.org' }), ...ciliumCrds()],
  });
  api = client(fake);
});
afterEach(async () => {
  api.close();
  await fake.close();
});

const CILIUM = '/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies';
const CALICO = '/apis/projectcalico.org/v3/namespaces/shop/networkpolicies';
const cilium = (name: string, spec: Json): Json => ({
  apiVersion: 'cilium.io/v2',
  kind: 'CiliumNetworkPolicy',
  metadata: { name },
  spec,
});
const calico = (name: string, spec: Json): Json => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkPolicy',
  metadata: { name },
  spec,
});
const message = (answer: Called): string => textAt(answer.body, 'message');

describe('a definition', () => {
  const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const WIDGETS = '/apis/example.com/v1/widgets';
  const widgets = customResourceDefinition({
    group: 'example.com',
    version: 'v1',
    plural: 'widgets',
    kind: 'Widget',
    scope: 'Cluster',
    schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  }) as unknown as Json;

  it('makes its kind served and discovered, and takes it away with everything of the kind', async () => {
    expect((await api.call('GET', WIDGETS)).text).toBe('404 page not found\n');
    const made = await api.call('POST', DEFINITIONS, { body: widgets });
    expect(made.status).toBe(201);
    expect(at(made.body, 'status', 'storedVersions')).toEqual(['v1']);
    const body = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'one' }, size: 3 };
    expect((await api.call('POST', WIDGETS, { body })).status).toBe(201);
    expect(fake.objects('widgets').map(({ metadata }) => metadata.name)).toEqual(['one']);
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    expect((await api.call('GET', '/apis', { headers: { accept } })).text).toContain('"resource":"widgets"');

    await api.call('DELETE', `${DEFINITIONS}/widgets.example.com`);
    expect((await api.call('GET', WIDGETS)).text).toBe('404 page not found\n');
    await api.call('POST', DEFINITIONS, { body: widgets });
    expect(fake.objects('widgets')).toEqual([]);
  });

  it('is refused when its name is not made of plural and group', async () => {
    const named = { ...(widgets as object), metadata: { name: 'widgets' } } as unknown as Json;
    const answer = await api.call('POST', DEFINITIONS, { body: named });
    expect(answer.status).toBe(422);
    expect(message(answer)).toContain('must be spec.names.plural+"."+spec.group');
  });
});

describe('a custom resource with a schema', () => {
  it('loses what the schema does not know, with a warning, or is refused by a strict request', async () => {
    const body = cilium('deny', { endpointSelector: {}, egress: [{ toEverything: true, toEntities: ['cluster'] }] });
    const answer = await api.call('POST', CILIUM, { body });
    expect(answer.headers.warning).toBe('299 - "unknown field \\"spec.egress[0].toEverything\\""');
    expect(at(answer.body, 'spec', 'egress')).toEqual([{ toEntities: ['cluster'] }]);
    const strict = await api.call('POST', `${CILIUM}?fieldValidation=Strict`, { body });
    expect(strict.status).toBe(400);
    expect(message(strict)).toContain('strict decoding error: unknown field "spec.egress[0].toEverything"');
  });

  it.each([
    [{ egress: 'all' }, 'spec.egress: Invalid value: "string": spec.egress in body must be of type array: "string"'],
    [{ egress: [{ toEntities: ['everybody'] }] }, 'spec.egress[0].toEntities[0]: Unsupported value: "everybody"'],
    [{ egressDeny: [{ toCIDR: ['2001:db8::1/129'] }] }, 'spec.egressDeny[0].toCIDR[0] in body should match'],
    [{ egressDeny: [{ toCIDR: ['10.0.0.256/32'] }] }, 'spec.egressDeny[0].toCIDR[0] in body should match'],
    [{ endpointSelector: { matchExpressions: [{ key: 'a' }] } }, 'matchExpressions[0].operator: Required value'],
  ])('is refused with %j', async (spec, text) => {
    const answer = await api.call('POST', CILIUM, { body: cilium('deny', spec as unknown as Json) });
    expect(answer.status).toBe(422);
    expect(message(answer)).toContain(text);
    await api.call('POST', CILIUM, { body: cilium('deny', { endpointSelector: {} }) });
    const patched = await api.call('PATCH', `${CILIUM}/deny`, {
      type: 'application/merge-patch+json',
      body: { spec: spec as unknown as Json },
    });
    expect(patched.status).toBe(422);
  });

  it('is applied, and loses what its manager no longer sends', async () => {
    const apply = (spec: Json): Promise<Called> =>
      api.call('PATCH', `${CILIUM}/deny?fieldManager=talon`, {
        type: 'application/apply-patch+yaml',
        body: cilium('deny', spec),
      });
    expect((await apply({ endpointSelector: {}, egressDeny: [{ toCIDR: ['192.0.2.1/32'] }] })).status).toBe(201);
    const second = await apply({ endpointSelector: {}, egress: [{ toEntities: ['cluster'] }] });
    expect(second.status).toBe(200);
    expect(Object.keys(at(second.body, 'spec') as object)).toEqual(['egress', 'endpointSelector']);
    const unknown = await apply({ endpointSelector: {}, bogus: 1 });
    expect(unknown.status).toBe(500);
    expect(message(unknown)).toContain('.spec.bogus: field not declared in schema');
  });

  it('keeps a status of its own', async () => {
    await api.call('POST', CILIUM, { body: cilium('deny', { endpointSelector: {} }) });
    const body = { status: { conditions: [] } };
    const type = 'application/merge-patch+json';
    expect(at((await api.call('PATCH', `${CILIUM}/deny`, { type, body })).body, 'status')).toBeUndefined();
    const answer = await api.call('PATCH', `${CILIUM}/deny/status`, { type, body });
    expect(at(answer.body, 'status')).toEqual({ conditions: [] });
    expect(at(answer.body, 'metadata', 'generation')).toBe(1);
  });
});

describe("Calico's public API", () => {
  const deny = (...nets: readonly string[]): Json => ({
    selector: 'all()',
    egress: [{ action: 'Deny', destination: { nets: [...nets] } }],
  });

  it('fills in the tier and refuses a rule about both IP versions', async () => {
    const made = await api.call('POST', CALICO, { body: calico('deny', deny('192.0.2.1/32')) });
    expect(at(made.body, 'spec', 'tier')).toBe('default');
    const mixed = await api.call('POST', CALICO, { body: calico('mixed', deny('192.0.2.1/32', '2001:db8::1/128')) });
    expect(mixed.status).toBe(422);
    expect(message(mixed)).toContain('rule contains both IPv4 and IPv6 CIDRs');
  });

  const GROUP = { apiGroups: ['projectcalico.org'] };
  const verbs = ['get', 'create', 'update', 'delete'];
  const policies = { ...GROUP, resources: ['networkpolicies'], verbs };
  const tiers = { ...GROUP, resources: ['tiers'], verbs: ['get'] };
  const all = { ...GROUP, resources: ['tier.networkpolicies'], verbs };

  it.each([
    ['the tier and its policies', [policies, tiers, all], ''],
    ['the tier and all its policies by name', [policies, tiers, { ...all, resourceNames: ['default.*'] }], ''],
    ['policies of another tier', [policies, tiers, { ...all, resourceNames: ['other.*'] }], 'namespace "shop"'],
    ['policies only', [policies], 'in tier "default" and namespace "shop" (user cannot get tier)'],
    ['no policies of a tier', [policies, tiers], 'in tier "default" and namespace "shop"'],
  ])('wants rights on tiers: %s', async (_, rules, refusal) => {
    const as = 'system:serviceaccount:talon:engine';
    fake.addUser(serviceAccount('talon', 'engine', rules));
    await api.call('POST', CALICO, { body: calico('there', deny('192.0.2.1/32')) });
    const there = (await api.call('GET', `${CALICO}/there`)).body;
    const answers = [
      ['get', await api.call('GET', `${CALICO}/there`, { as })],
      ['create', await api.call('POST', CALICO, { as, body: calico('new', deny('192.0.2.1/32')) })],
      ['update', await api.call('PUT', `${CALICO}/there`, { as, body: there })],
      ['delete', await api.call('DELETE', `${CALICO}/there`, { as })],
    ] as const;
    const start = (verb: string): string => `cannot ${verb} networkpolicies.projectcalico.org in tier "default"`;
    for (const [verb, answer] of answers) {
      const refused = answer.status === 403 && message(answer).includes(start(verb));
      expect([verb, refused ? message(answer).slice(-refusal.length) : '']).toEqual([verb, refusal]);
      expect(refused || answer.status < 300).toBe(true);
    }
  });
});
