import { TalonError } from '@falco-talon/core';
import type { KubernetesObject, KubernetesReads, OwnerReference, Resource } from '../kubernetes.ts';
import { describe, expect, it } from 'vitest';
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
  return workloadOf(pod, 'shop', reads, new AbortController().signal);
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
