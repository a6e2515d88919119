import { TalonError } from '@falco-talon/core';
import type { KubernetesObject, KubernetesReads, OwnerReference, Resource } from '../kubernetes.ts';
import { describe, expect, it } from 'vitest';
import type { WhyProtected } from './protected-replica.ts';
import { workloadOf } from './workload.ts';

const reference = (kind: string, name: string, apiVersion = 'apps/v1'): OwnerReference => ({
  apiVersion,
  kind,
  name,
  uid: `uid-${name}`,
  controller: true,
});
const object = (name: string, selector: unknown, owner?: OwnerReference): KubernetesObject => ({
  metadata: { name, uid: `uid-${name}`, resourceVersion: '1', ...(owner ? { ownerReferences: [owner] } : {}) },
  spec: { selector },
});

/** Knows one owner, under the plural and name it must be asked for. */
function workload(
  owner: OwnerReference | undefined,
  asked = '',
  answer?: KubernetesObject,
  labels?: Readonly<Record<string, string>>,
  whyProtected: WhyProtected = () => undefined,
) {
  const reads: Pick<KubernetesReads, 'get'> = {
    get: async <T extends KubernetesObject>(
      resource: Resource,
      { namespace, name }: { namespace?: string; name: string },
    ) => {
      const path = `${resource.group}/${resource.plural}/${namespace}/${name}`;
      if (path !== asked || !answer) throw new TalonError('target_gone', `${path} is not there`);
      return answer as T;
    },
  };
  const bare = object('cart-x2x9z', undefined, owner);
  const pod = { ...bare, metadata: { ...bare.metadata, labels: labels ?? fitting(answer) } };
  return workloadOf(pod, 'shop', reads, whyProtected, new AbortController().signal);
}

/** Labels the selector of the tests' owners selects. */
function fitting(owner: KubernetesObject | undefined): Readonly<Record<string, string>> {
  const selector = (owner?.spec?.['selector'] ?? {}) as { readonly matchLabels?: Readonly<Record<string, string>> };
  return { app: 'cart', tier: 'front', ...selector.matchLabels };
}

describe('the workload of a pod', () => {
  it('of a Deployment is the Deployment, without the hash of this rollout', async () => {
    const selector = {
      matchLabels: { app: 'cart', 'pod-template-hash': '89b84b8c4' },
      matchExpressions: [{ key: 'tier', operator: 'In', values: ['front', 'back'] }],
    };
    const replicaSet = object('cart-89b84b8c4', selector, reference('Deployment', 'cart'));
    expect(
      await workload(reference('ReplicaSet', 'cart-89b84b8c4'), 'apps/replicasets/shop/cart-89b84b8c4', replicaSet),
    ).toEqual({
      kind: 'Deployment',
      name: 'cart',
      selector: { matchLabels: { app: 'cart' }, matchExpressions: selector.matchExpressions },
    });
  });

  it('of an Argo Rollout is the Rollout', async () => {
    const selector = { matchLabels: { app: 'cart', 'rollouts-pod-template-hash': '1' } };
    const replicaSet = object('cart-1', selector, reference('Rollout', 'cart', 'argoproj.io/v1alpha1'));
    expect(await workload(reference('ReplicaSet', 'cart-1'), 'apps/replicasets/shop/cart-1', replicaSet)).toMatchObject(
      {
        kind: 'Rollout',
        selector: { matchLabels: { app: 'cart' } },
      },
    );
  });

  it('of a ReplicaSet that stands alone keeps every label', async () => {
    const selector = { matchLabels: { app: 'cart', 'pod-template-hash': 'mine' } };
    expect(
      await workload(reference('ReplicaSet', 'cart'), 'apps/replicasets/shop/cart', object('cart', selector)),
    ).toEqual({
      kind: 'ReplicaSet',
      name: 'cart',
      selector,
    });
  });

  it.each([
    ['StatefulSet', 'apps/v1', 'apps/statefulsets'],
    ['DaemonSet', 'apps/v1', 'apps/daemonsets'],
    ['Job', 'batch/v1', 'batch/jobs'],
  ])('of a %s is known by its selector', async (kind, apiVersion, plural) => {
    const selector = { matchLabels: { app: 'cart' } };
    expect(
      await workload(reference(kind, 'cart', apiVersion), `${plural}/shop/cart`, object('cart', selector)),
    ).toEqual({
      kind,
      name: 'cart',
      selector,
    });
  });

  it('of a ReplicationController is known by its plain map', async () => {
    expect(
      await workload(
        reference('ReplicationController', 'cart', 'v1'),
        '/replicationcontrollers/shop/cart',
        object('cart', { app: 'cart' }),
      ),
    ).toMatchObject({ selector: { matchLabels: { app: 'cart' } } });
  });

  it('is not known without an owner, for other kinds, for other groups, or when the owner is gone', async () => {
    expect(await workload(undefined)).toBe('it has no owner');
    expect(await workload(reference('Node', 'n', 'v1'))).toContain('Node n is of a kind');
    expect(await workload(reference('StatefulSet', 's', 'apps.kruise.io/v1beta1'))).toContain(
      'StatefulSet s is of a kind',
    );
    expect(await workload(reference('StatefulSet', 's'))).toBe('its owner StatefulSet s is gone');
  });

  it('is never everything in the namespace', async () => {
    const replicaSet = object('cart-1', { matchLabels: { 'pod-template-hash': '1' } }, reference('Deployment', 'cart'));
    expect(await workload(reference('ReplicaSet', 'cart-1'), 'apps/replicasets/shop/cart-1', replicaSet)).toContain(
      'is empty',
    );
  });

  it.each<[string, Readonly<Record<string, unknown>>, readonly string[]]>([
    ['each of its replicas', { replicas: 3 }, ['cart-0', 'cart-1', 'cart-2']],
    ['from the first ordinal on', { replicas: 2, ordinals: { start: 7 } }, ['cart-7', 'cart-8']],
    ['the one it has by default', {}, ['cart-0']],
    ['none when it wants none', { replicas: 0 }, []],
    ['the one it has by default, where an answer says what is no number', { replicas: '9', ordinals: 1 }, ['cart-0']],
  ])('of a StatefulSet is not known while a pod of it is protected: asks for %s', async (_, spec, names) => {
    const owner = reference('StatefulSet', 'cart');
    const bare = object('cart', { matchLabels: { app: 'cart' } });
    const answer = { ...bare, spec: { ...bare.spec, ...spec } };
    const ask = (why: WhyProtected) => workload(owner, 'apps/statefulsets/shop/cart', answer, undefined, why);
    const asked: unknown[] = [];
    expect(await ask((target) => void asked.push(target))).toMatchObject({ name: 'cart' });
    expect(asked).toEqual(names.map((name) => ({ kind: 'pod', namespace: 'shop', name })));
    const last = names.at(-1);
    if (last === undefined) return;
    expect(await ask(({ name }) => (name === last ? `${name} is protected` : undefined))).toBe(
      `its owner StatefulSet cart has a pod to be left alone: ${last} is protected`,
    );
  });

  it('looks through a bounded number of replicas', async () => {
    const bare = object('cart', { matchLabels: { app: 'cart' } });
    let asked = 0;
    await workload(
      reference('StatefulSet', 'cart'),
      'apps/statefulsets/shop/cart',
      { ...bare, spec: { ...bare.spec, replicas: Number.MAX_SAFE_INTEGER } },
      undefined,
      () => void asked++,
    );
    expect(asked).toBe(10_000);
  });

  it('is not an owner that was re-created, or whose selector leaves the pod out', async () => {
    const asked = 'apps/statefulsets/shop/cart';
    const selector = { matchLabels: { app: 'cart' } };
    const owner = reference('StatefulSet', 'cart');
    expect(await workload({ ...owner, uid: 'another' }, asked, object('cart', selector))).toBe(
      'its owner StatefulSet cart was re-created under the same name',
    );
    expect(await workload(owner, asked, object('cart', selector), { app: 'other' })).toBe(
      'the selector of its owner StatefulSet cart leaves it out',
    );
  });
});
