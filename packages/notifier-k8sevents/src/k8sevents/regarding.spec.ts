import { HOSTILE_VALUES, outcomeRecord } from '@falco-talon/testkit';
import { describe, expect, it } from 'vitest';
import { subjectOf } from './regarding.ts';

const subject = (objects: Record<string, string>) => {
  const { regarding, namespace } = subjectOf(outcomeRecord({ objects }), 'talon');
  return { ...regarding, in: namespace };
};
const OWN = { kind: 'Namespace', apiVersion: 'v1', name: 'talon', in: 'default' };

describe('what an event is about', () => {
  it.each([
    [
      'a policy of a pod: the pod',
      { pod: 'a', namespace: 'shop', networkpolicy: 'p' },
      { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'a', in: 'shop' },
    ],
    ['a node', { node: 'n.example.com' }, { kind: 'Node', apiVersion: 'v1', name: 'n.example.com', in: 'default' }],
    ['a namespace', { namespace: 'shop' }, { kind: 'Namespace', apiVersion: 'v1', name: 'shop', in: 'default' }],
    [
      'a deployment',
      { deployment: 'd', namespace: 'shop' },
      { kind: 'Deployment', apiVersion: 'apps/v1', namespace: 'shop', name: 'd', in: 'shop' },
    ],
    [
      'what was deleted',
      { resource: 'secrets', name: 's', namespace: 'shop' },
      { kind: 'Secret', apiVersion: 'v1', namespace: 'shop', name: 's', in: 'shop' },
    ],
    [
      'a deleted namespace',
      { resource: 'namespaces', name: 'shop' },
      { kind: 'Namespace', apiVersion: 'v1', name: 'shop', in: 'default' },
    ],
    [
      'a role, whose names are freer',
      { resource: 'clusterroles', name: 'system:node' },
      { kind: 'ClusterRole', apiVersion: 'rbac.authorization.k8s.io/v1', name: 'system:node', in: 'default' },
    ],
    [
      'a deleted object of a kind nobody here knows',
      { resource: 'widgets', name: 'w', namespace: 'shop' },
      { kind: 'widgets', namespace: 'shop', name: 'w', in: 'shop' },
    ],
    ['one without a namespace', { resource: 'gadgets', name: 'g' }, { kind: 'gadgets', name: 'g', in: 'default' }],
    ['nothing in the cluster', { file: 'a', destination: '/b' }, OWN],
    ['nothing', {}, OWN],
    ['a pod without a namespace', { pod: 'a' }, OWN],
  ])('%s', (_what, objects, expected) => {
    expect(subject(objects)).toEqual(expected);
  });

  it('is the default namespace when the own one is unknown', () => {
    expect(subjectOf(outcomeRecord({ objects: {} }), '').regarding.name).toBe('default');
  });

  it('is never an object that cannot exist', () => {
    for (const value of HOSTILE_VALUES) {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      for (const objects of [
        { pod: text, namespace: text },
        { node: text },
        { pod: 'a', namespace: text },
        { resource: text, name: text, namespace: text },
        { resource: 'roles', name: text, namespace: 'shop' },
        { namespace: text },
      ]) {
        const { in: namespace, ...regarding } = subject(objects as Record<string, string>);
        expect(namespace).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
        expect(regarding.name).toMatch(/^[!-~]{1,253}$/);
        expect(regarding.name).not.toMatch(/[/%]/);
      }
    }
  });
});
