import { expect, it } from 'vitest';
import { nodeFacts } from './node-facts.ts';

const factsOf = (labels: Record<string, string>) =>
  nodeFacts({ metadata: { name: 'n', uid: 'u', resourceVersion: '1', labels } });

it.each([
  ['none', {}, ''],
  ['the label', { 'kubernetes.io/role': 'agent', 'node-role.kubernetes.io/worker': '' }, 'agent'],
  ['an empty label', { 'kubernetes.io/role': '', 'node-role.kubernetes.io/worker': '' }, 'worker'],
  ['the suffix', { 'node-role.kubernetes.io/control-plane': 'true' }, 'control-plane'],
  [
    'several',
    { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' },
    'control-plane,worker',
  ],
  ['none of those alike', { 'x-node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io': 'x' }, ''],
])('role: %s', (_what, labels, role) => {
  expect(factsOf(labels)['node.role']).toBe(role);
});

it('knows the former names of labels, and prefers the present ones', () => {
  const old = {
    'beta.kubernetes.io/instance-type': 'n1-old',
    'failure-domain.beta.kubernetes.io/region': 'r-old',
    'failure-domain.beta.kubernetes.io/zone': 'z-old',
  };
  const present = {
    'node.kubernetes.io/instance-type': 'n1',
    'topology.kubernetes.io/region': 'r',
    'topology.kubernetes.io/zone': 'z',
  };
  const three = (labels: Record<string, string>) => {
    const facts = factsOf(labels);
    return [facts['node.instancetype'], facts['node.topology.region'], facts['node.topology.zone']];
  };
  expect(three(old)).toEqual(['n1-old', 'r-old', 'z-old']);
  expect(three({ ...old, ...present })).toEqual(['n1', 'r', 'z']);
});

it('the name stands for a missing hostname', () => {
  expect(factsOf({})['node.hostname']).toBe('n');
  expect(nodeFacts({ metadata: { name: 'n', uid: 'u', resourceVersion: '1' } })['node.hostname']).toBe('n');
});
