import { NETWORK_POLICIES, PODS } from '@falco-talon/client-kubernetes';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '../cluster/resources.ts';
import { startPod } from '../harness/pods.ts';
import { respond } from '../harness/respond.ts';
import { useCluster } from '../harness/use-cluster.ts';

/** With what becomes of it: guards look at the pod before what is destructive, the others find out themselves. */
const ACTIONS: readonly (readonly [string, Readonly<Record<string, unknown>>, 'failure' | 'ignored'])[] = [
  ['kubernetes:label', { labels: { owned: 'yes' } }, 'failure'],
  ['kubernetes:terminate', {}, 'ignored'],
  ['kubernetes:networkpolicy', {}, 'ignored'],
  ['kubernetes:exec', { command: 'touch /tmp/owned' }, 'ignored'],
  ['kubernetes:log', {}, 'failure'],
];

describe('names an attacker chose', () => {
  const cluster = useCluster('names');
  let pod: Pod;
  beforeAll(async () => {
    pod = await startPod(cluster, { name: 'cart' });
  });
  const seen = async () => {
    const at = { namespace: cluster.namespace, signal: cluster.signal };
    const objects = [...(await cluster.client.list(PODS, at)), ...(await cluster.client.list(NETWORK_POLICIES, at))];
    return objects.map(({ metadata }) => [metadata.name, metadata.uid, metadata.labels, metadata.deletionTimestamp]);
  };

  it.each(ACTIONS)('lead %s nowhere', async (actionner, parameters, status) => {
    const before = await seen();
    const beside = `../${cluster.namespace}/pods/cart`;
    const names = [
      beside,
      '%2e%2e',
      '..',
      'cart?dryRun=All',
      'cart\0',
      'c\u202Eart',
      '-n',
      'cart/exec',
      'x'.repeat(4096),
    ];
    for (const name of names) {
      for (const field of ['k8s.pod.name', 'k8s.ns.name']) {
        const { action } = await respond(cluster, { actionner, parameters, pod, fields: { [field]: name } });
        expect(action.status).toBe(status);
        expect(action.error ?? action.result).toContain('cannot be the name of');
      }
    }
    expect(await seen()).toEqual(before);
  });
});
