import { afterEach, beforeEach, expect, it } from 'vitest';
import { kubeconfigText, open, QUICK, scope, sendJson, type LoopbackApi, type Opened } from '../spec/loopback-api.ts';
import { createKubernetes } from './client.ts';
import {
  DEPLOYMENTS,
  kubernetes,
  NAMESPACES,
  NODES,
  PODS,
  type Kubernetes,
  type ObjectName,
  type Resource,
} from './index.ts';
import { refuseProtected } from './protection.ts';

const PROJECTS: Resource = {
  group: 'project.openshift.io',
  version: 'v1',
  plural: 'projects',
  kind: 'Project',
  namespaced: false,
};
const REFUSED = { code: 'refused', retryable: false };
let opened: Opened;
let api: LoopbackApi;
let client: Kubernetes;

beforeEach(async () => {
  opened = await open();
  api = await opened.api((response) => sendJson(response, 200, {}), { tls: false });
  client = await opened.clientOf(api);
});
afterEach(() => opened.close());

it.each([
  [NAMESPACES, { name: 'kube-system' }],
  [NAMESPACES, { name: 'kube-public' }],
  [NAMESPACES, { name: 'kube-node-lease' }],
  [PROJECTS, { name: 'kube-system' }],
] as const)('the client deletes no protected namespace: %o %o', async (resource: Resource, object: ObjectName) => {
  await expect(client.delete(resource, object, opened)).rejects.toMatchObject(REFUSED);
  expect(api.received).toEqual([]);
});

it('deletes nothing in a protected namespace for whoever spares what is protected', async () => {
  for (const resource of [PODS, DEPLOYMENTS]) {
    const object = { namespace: 'kube-system', name: 'coredns' };
    await expect(client.delete(resource, object, { ...opened, spareProtected: true })).rejects.toMatchObject(REFUSED);
  }
  expect(api.received).toEqual([]);
  await client.delete(PODS, { namespace: 'kube-system', name: 'coredns' }, opened);
  await client.delete(PODS, { namespace: 'shop', name: 'kube-system' }, { ...opened, spareProtected: true });
  await client.delete(NODES, { name: 'kube-system' }, { ...opened, spareProtected: true });
  await client.delete(NAMESPACES, { name: 'shop' }, { ...opened, spareProtected: true });
  expect(api.received).toHaveLength(4);
});

it.each(['clusterroles', 'clusterrolebindings'])("protects the cluster's own %s", async (plural) => {
  const resource: Resource = {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    plural,
    kind: plural,
    namespaced: false,
  };
  for (const name of ['cluster-admin', 'system:node', 'system:']) {
    await expect(client.delete(resource, { name }, { ...opened, spareProtected: true })).rejects.toMatchObject(REFUSED);
  }
  expect(api.received).toEqual([]);
  for (const name of ['cluster-admin-too', 'my-system:role']) {
    await client.delete(resource, { name }, { ...opened, spareProtected: true });
  }
  expect(api.received).toHaveLength(2);
});

it('protects the namespace Falco Talon runs in, when it is known', () => {
  expect(() => refuseProtected(NAMESPACES, { name: 'falco' }, 'falco')).toThrow("Falco Talon's own namespace");
  expect(() => refuseProtected(PODS, { namespace: 'falco', name: 'falco-talon-0' }, 'falco')).toThrow('is protected');
  expect(() => refuseProtected(PODS, { namespace: 'falco', name: 'falco-talon-0' }, '')).not.toThrow();
  expect(() => refuseProtected(NODES, { name: '' }, '')).not.toThrow();
});

it('is told that namespace by the settings', async () => {
  const kubeconfig = await opened.file('own', kubeconfigText({ server: api.url }));
  const environment = { variables: {}, homeDirectory: opened.directory };
  const own = await createKubernetes(
    { ...scope(opened.signal), settings: { kubeconfig, namespace: 'falco' }, environment },
    QUICK,
    opened.directory,
  );
  try {
    const pod = { namespace: 'falco', name: 'falco-talon-0' };
    expect(() => own.refuseProtected(PODS, pod)).toThrow('is protected');
    await expect(own.delete(PODS, pod, { ...opened, spareProtected: true })).rejects.toMatchObject(REFUSED);
    await expect(own.delete(NAMESPACES, { name: 'falco' }, opened)).rejects.toMatchObject(REFUSED);
    expect(api.received).toEqual([]);
  } finally {
    await kubernetes.close?.(own);
  }
});

it('can be asked through the view of an event', () => {
  const reads = client.reads(scope(opened.signal));
  expect(() => reads.refuseProtected(PODS, { namespace: 'kube-system', name: 'a' })).toThrow('is protected');
  expect(() => reads.refuseProtected(PODS, { namespace: 'shop', name: 'a' })).not.toThrow();
});
