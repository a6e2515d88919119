import { join } from 'node:path';
import { kubernetes } from '@falco-talon/client-kubernetes';
import { pod, replicaSet, type Rule } from '@falco-talon/fake-kubernetes';
import type { Actionner } from '@falco-talon/core';
import { auditEvent, runActionner, testScope } from '@falco-talon/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertAbout, startCluster, type TestCluster } from '../spec/cluster.ts';
import plugin from './index.ts';

/** What a Role made from the metadata grants. */
function rulesOf(actionner: Actionner): readonly Rule[] {
  return actionner.permissions.flatMap((permission) =>
    permission.kind === 'kubernetes'
      ? [{ apiGroups: [permission.apiGroup], resources: permission.resources, verbs: permission.verbs }]
      : [],
  );
}

/** An alert about a pod that the actionner takes, of whichever source. */
function alertFor(actionner: Actionner, name: string, fields: Readonly<Record<string, unknown>> = {}) {
  if (actionner.sources.includes('syscall')) return alertAbout(name, fields);
  const audited = { 'ka.target.resource': 'pods', 'ka.target.name': name, 'ka.target.namespace': 'shop' };
  return auditEvent({ fields: { ...audited, ...fields } });
}

describe('the rights an actionner names', () => {
  let cluster: TestCluster;
  const objects = replicaSet({ name: 'web', namespace: 'shop', replicas: 9 });
  const victim = objects[1]!;
  const name = victim.metadata.name!;

  beforeAll(async () => {
    cluster = await startCluster({
      objects: [...objects, pod({ name: 'cart-0', namespace: 'shop' })],
      terminationDelay: 20,
    });
    cluster.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } });
  });
  afterAll(() => cluster.close());

  it.each((plugin.actionners ?? []).map((actionner) => [actionner.name, actionner] as const))(
    'are enough for the examples of %s, dry runs included',
    async (part, actionner) => {
      const user = `system:serviceaccount:talon:${part}`;
      cluster.api.addUser({ name: user, rules: rulesOf(actionner) });
      const kubeconfig = join(cluster.folder, part);
      await cluster.api.writeKubeconfig(kubeconfig, { user });
      const client = await kubernetes.create({
        ...testScope(),
        settings: { kubeconfig, namespace: '' },
        environment: { variables: {}, homeDirectory: cluster.folder },
      });
      try {
        for (const { parameters } of actionner.examples) {
          for (const dryRun of [true, false]) {
            cluster.api.remove('pods', 'shop', name);
            cluster.api.create(victim);
            const outcome = await runActionner(actionner, {
              event: alertFor(actionner, name, { 'container.id': 'f'.repeat(12) }),
              parameters,
              clients: { kubernetes: client },
              dryRun,
            });
            expect(outcome.error).toBeUndefined();
          }
        }
        expect(cluster.api.requests.filter(({ status }) => status === 403)).toEqual([]);
      } finally {
        await kubernetes.close?.(client);
      }
    },
  );

  it('are needed: without them the failure names the right that is missing', async () => {
    const user = 'system:serviceaccount:talon:nobody';
    cluster.api.addUser({ name: user, rules: [] });
    const kubeconfig = join(cluster.folder, 'nobody');
    await cluster.api.writeKubeconfig(kubeconfig, { user });
    for (const actionner of plugin.actionners ?? []) {
      const outcome = await runActionner(actionner, {
        event: alertFor(actionner, 'cart-0'),
        parameters: actionner.examples[0].parameters,
        settings: { kubernetes: { kubeconfig } },
      });
      expect(outcome.error?.code).toBe('forbidden');
      expect(outcome.message).toMatch(/not allowed to (get|list|patch|delete) /);
    }
  });
});

/** Those that end in a request. */
function fieldsOf(actionner: Actionner): readonly string[] {
  if (actionner.sources.includes('syscall')) return ['k8s.pod.name', 'k8s.ns.name'];
  return ['ka.target.resource', 'ka.target.name', 'ka.target.namespace', 'ka.uri'];
}

describe('names an attacker chose', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ objects: [pod({ name: 'etcd-0', namespace: 'kube-system' })] });
    // What the cluster serves is known by then: what it is asked is not about any name.
    await cluster.client.resources.find('pods', { signal: new AbortController().signal });
    cluster.api.clearRequests();
  });
  afterAll(() => cluster.close());

  it.each(['../../kube-system/pods/etcd-0', '%2e%2e', '..', 'a?b', 'a#b', 'A', 'a\0b', 'x'.repeat(254), ' a', 'a/b'])(
    '%j reach no API server',
    async (name) => {
      for (const actionner of plugin.actionners ?? []) {
        for (const field of fieldsOf(actionner)) {
          for (const dryRun of [true, false]) {
            const outcome = await runActionner(actionner, {
              event: alertFor(actionner, 'cart-0', { [field]: name }),
              parameters: actionner.examples[0].parameters,
              clients: { kubernetes: cluster.client },
              dryRun,
            });
            expect(outcome.error?.code).toBe('invalid_value');
          }
        }
      }
      expect(cluster.calls()).toEqual([]);
    },
  );
});
