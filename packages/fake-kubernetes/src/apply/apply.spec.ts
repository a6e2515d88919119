import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeKubernetes } from '../fake-kubernetes.ts';
import { startFakeKubernetes } from '../start-fake-kubernetes.ts';
import type { Json, JsonObject } from '../json.ts';
import { at, textAt } from '../json.ts';
import type { Called, Client } from '../replay/client.ts';
import { client } from '../replay/client.ts';
import { pod } from '../workloads/pod.ts';
import { namespace } from '../workloads/workloads.ts';
import { displayPath, fieldPaths, fromFieldsV1, toFieldsV1 } from './field-paths.ts';
import { podSchema } from '../schema/pod.ts';

let fake: FakeKubernetes;
let api: Client;
beforeEach(async () => {
  fake = await startFakeKubernetes({
    objects: [namespace('shop'), pod({ name: 'cart', namespace: 'shop', labels: { app: 'cart' } })],
  });
  api = client(fake);
});
afterEach(async () => {
  api.close();
  await fake.close();
});

const POLICY = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/deny';

function policy(
  labels: Record<string, string>,
  spec: JsonObject = { podSelector: {}, policyTypes: ['Egress'] },
): JsonObject {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'deny', labels }, spec };
}
const apply = (manager: string, body: Json, query = '', path = POLICY): Promise<Called> =>
  api.call('PATCH', `${path}?fieldManager=${manager}${query}`, { type: 'application/apply-patch+yaml', body });
const labelsOf = (answer: Called): unknown => at(answer.body, 'metadata', 'labels');
const owners = (answer: Called): readonly string[] => {
  const entries = at(answer.body, 'metadata', 'managedFields');
  return Array.isArray(entries)
    ? entries.map((entry) => `${textAt(entry, 'manager')} ${textAt(entry, 'operation')}`)
    : [];
};

describe('apply', () => {
  it('changes nothing when it is repeated', async () => {
    const first = await apply('talon', policy({ a: '1' }));
    const second = await apply('talon', policy({ a: '1' }));
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toEqual(first.body);
  });

  it('shares a field with those who give it the same value, and keeps it until the last lets go', async () => {
    await apply('one', policy({ a: '1', b: '1' }));
    const shared = await apply('two', policy({ a: '1' }));
    expect(owners(shared)).toEqual(['one Apply', 'two Apply']);
    expect(labelsOf(await apply('one', policy({})))).toEqual({ a: '1' });
    expect(labelsOf(await apply('two', policy({})))).toBeUndefined();
  });

  it('names every conflict, and takes the fields over when forced', async () => {
    await apply('one', policy({ a: '1', b: '1' }));
    const refused = await apply('two', policy({ a: '2', b: '2' }));
    expect([refused.status, textAt(refused.body, 'message')]).toEqual([
      409,
      'Apply failed with 2 conflicts: conflicts with "one":\n- .metadata.labels.a\n- .metadata.labels.b',
    ]);
    expect(labelsOf(await apply('two', policy({ a: '2', b: '2' }), '&force=true'))).toEqual({ a: '2', b: '2' });
    expect((await apply('one', policy({ a: '1' }))).status).toBe(409);
  });

  it('conflicts with what an update wrote', async () => {
    await apply('one', policy({ a: '1' }));
    const body = { metadata: { labels: { a: '9' } } };
    await api.call('PATCH', `${POLICY}?fieldManager=editor`, { type: 'application/merge-patch+json', body });
    const refused = await apply('one', policy({ a: '1' }));
    expect(textAt(refused.body, 'message')).toMatch(
      /^Apply failed with 1 conflict: conflict with "editor" using networking\.k8s\.io\/v1 at \S+Z: \.metadata\.labels\.a$/,
    );
  });

  it('stores nothing in a dry run, and nothing that is invalid', async () => {
    expect((await apply('one', policy({ a: '1' }), '&dryRun=All')).status).toBe(201);
    expect((await apply('one', policy({ a: 'not valid' }))).status).toBe(422);
    expect(fake.get('networkpolicies', 'shop', 'deny')).toBeUndefined();
  });

  it('refuses an object with a uid that is not there', async () => {
    const wanted = policy({});
    wanted['metadata'] = { name: 'deny', uid: 'u-1' };
    const refused = await apply('one', wanted);
    expect([refused.status, textAt(refused.body, 'reason')]).toEqual([409, 'Conflict']);
  });

  it('owns a label of a pod without touching its other fields', async () => {
    const path = '/api/v1/namespaces/shop/pods/cart';
    const wanted = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'cart', labels: { quarantine: 'yes' } } };
    expect(labelsOf(await apply('talon', wanted, '', path))).toEqual({ app: 'cart', quarantine: 'yes' });
    const nothing = { ...wanted, metadata: { name: 'cart' } };
    expect(labelsOf(await apply('talon', nothing, '', path))).toEqual({ app: 'cart' });
    expect(textAt(fake.get('pods', 'shop', 'cart'), 'status', 'phase')).toBe('Running');
  });
});

describe('field paths', () => {
  const object = {
    metadata: { labels: { 'a.b/c': 'x' }, finalizers: ['f'] },
    spec: { containers: [{ name: 'main', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
  };

  it('are written as the API writes them, and read back', () => {
    const paths = [...fieldPaths(podSchema, object).keys()];
    const tree = toFieldsV1(paths);
    expect(tree).toEqual({
      'f:metadata': {
        'f:labels': { '.': {}, 'f:a.b/c': {} },
        'f:finalizers': { '.': {}, 'v:"f"': {} },
      },
      'f:spec': {
        'f:containers': {
          'k:{"name":"main"}': {
            '.': {},
            'f:name': {},
            'f:ports': {
              '.': {},
              'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
            },
          },
        },
      },
    });
    expect([...fromFieldsV1(tree)].toSorted()).toEqual(paths.toSorted());
  });

  it('are shown in conflicts', () => {
    expect(displayPath('f:spec\nf:containers\nk:{"name":"main"}\nf:image')).toBe('.spec.containers[name="main"].image');
  });
});
