import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import type { Json } from '../json.ts';
import { at, textAt } from '../json.ts';
import type { Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { pod } from '../workloads/pod.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
let fake: FakeKubernetes;
let api: Client;
beforeAll(async () => {
  fake = await startFakeKubernetes({
    objects: NAMES.map((name) => pod({ name, namespace: 'shop', labels: { odd: String(name > 'b'), tier: name } })),
  });
  api = client(fake);
});
afterAll(async () => {
  api.close();
  await fake.close();
});

const PODS = '/api/v1/namespaces/shop/pods';
const namesOf = (body: Json): readonly string[] => {
  const items = at(body, 'items');
  return Array.isArray(items) ? items.map((item) => textAt(item, 'metadata', 'name')) : [];
};
const list = async (query: string, path = PODS): Promise<Json> => (await api.call('GET', `${path}?${query}`)).body;
const selected = async (selector: string): Promise<string> =>
  namesOf(await list(new URLSearchParams({ labelSelector: selector }).toString())).join('');

describe('pages', () => {
  it('show the list as it was when the first was read', async () => {
    const first = await list('limit=2');
    expect(namesOf(first)).toEqual(['a', 'b']);
    expect(at(first, 'metadata', 'remainingItemCount')).toBe(3);
    const token = textAt(first, 'metadata', 'continue');
    expect(JSON.parse(Buffer.from(token, 'base64url').toString())).toEqual({
      v: 'meta.k8s.io/v1',
      rv: Number(textAt(first, 'metadata', 'resourceVersion')),
      start: '/b\u0000',
    });
    fake.create(pod({ name: 'c2', namespace: 'shop' }));
    const second = await list(`limit=2&continue=${token}`);
    expect(namesOf(second)).toEqual(['c', 'd']);
    const last = await list(`limit=2&continue=${textAt(second, 'metadata', 'continue')}`);
    expect(namesOf(last)).toEqual(['e']);
    expect(at(last, 'metadata', 'continue')).toBeUndefined();
    fake.remove('pods', 'shop', 'c2');
  });

  it('count what remains only without selectors, and are ignored for version 0', async () => {
    const first = await list('limit=1&labelSelector=odd%3Dtrue');
    expect(at(first, 'metadata', 'remainingItemCount')).toBeUndefined();
    expect(textAt(first, 'metadata', 'continue')).not.toBe('');
    expect(namesOf(await list('limit=1&resourceVersion=0'))).toEqual(NAMES);
  });

  it('expire with 410 and a token to go on', async () => {
    const token = textAt(await list('limit=2'), 'metadata', 'continue');
    fake.expireContinueTokens();
    const expired = await api.call('GET', `${PODS}?limit=2&continue=${token}`);
    expect([expired.status, textAt(expired.body, 'reason')]).toEqual([410, 'Expired']);
    const rest = await list(`limit=9&continue=${textAt(expired.body, 'metadata', 'continue')}`);
    expect(namesOf(rest)).toEqual(['c', 'd', 'e']);
  });

  it('of all namespaces go on by namespace and name', async () => {
    fake.create(pod({ name: 'z', namespace: 'attic' }));
    const first = await list('limit=3', '/api/v1/pods');
    expect(namesOf(first)).toEqual(['z', 'a', 'b']);
    const token = textAt(first, 'metadata', 'continue');
    expect(Buffer.from(token, 'base64url').toString()).toContain('/shop/b');
    expect(namesOf(await list(`limit=9&continue=${token}`, '/api/v1/pods'))).toEqual(['c', 'd', 'e']);
  });
});

describe('selectors', () => {
  it.each([
    ['tier=a', 'a'],
    ['tier==a', 'a'],
    ['tier!=a', 'bcde'],
    ['tier in (a, c,x)', 'ac'],
    ['tier notin (a,c)', 'bde'],
    ['!tier', ''],
    ['tier,odd=true', 'cde'],
    ['other!=x', 'abcde'],
    ['tier=', ''],
  ])('%s', async (selector, names) => {
    expect(await selected(selector)).toBe(names);
  });

  it.each(['a===b', 'tier in (', ',', 'tier in a', 'a b'])('%s is refused', async (selector) => {
    const query = new URLSearchParams({ labelSelector: selector }).toString();
    const answer = await api.call('GET', `${PODS}?${query}`);
    expect([answer.status, textAt(answer.body, 'reason')]).toEqual([400, 'BadRequest']);
  });

  it('of fields know the fields the kind is indexed by', async () => {
    expect(namesOf(await list('fieldSelector=metadata.name!%3Da,spec.nodeName%3Dnode-1'))).toEqual([
      'b',
      'c',
      'd',
      'e',
    ]);
    const config = await api.call('GET', '/api/v1/configmaps?fieldSelector=data.x%3D1');
    expect(textAt(config.body, 'message')).toBe(
      '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
  });
});
