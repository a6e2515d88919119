import { pod } from '@falco-talon/fake-kubernetes';
import { startTestEngine } from '@falco-talon/testkit';
import { expect, it } from 'vitest';
import { shopPod, useDrainedNode } from '../../spec/draining.ts';
import plugin from '../index.ts';

const node1 = useDrainedNode();

it('evicts nothing that is protected: listed names, listed namespaces, Falco Talon itself', async () => {
  node1.create(
    shopPod('pay-db-0'),
    pod({ name: 'vault-0', namespace: 'vault-a' }),
    pod({ name: 'coredns-0', namespace: 'kube-system' }),
    pod({ name: 'falco-talon-0', namespace: 'talon' }),
    pod({ name: 'web-0', namespace: 'other' }),
  );
  const engine = await startTestEngine({
    plugins: [plugin],
    rules: `- rule: Drain\n  match: { rules: [x] }\n  actions: [{ action: act, actionner: kubernetes:drain, parameters: { max_wait_period: 0 } }]\n`,
    clients: { kubernetes: { ...node1.cluster.settings.kubernetes, namespace: 'talon' } },
    guards: { protected: { namespaces: ['kube-system', 'vault-*'], names: ['*-db-*'], kinds: [] } },
  });
  try {
    await engine.post({ rule: 'x', output_fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart-0' } });
    const [record] = await engine.outcomes(1);
    expect(record).toMatchObject({ status: 'success' });
    expect(node1.untouched().toSorted()).toEqual(['coredns-0', 'falco-talon-0', 'pay-db-0', 'vault-0']);
    expect(record?.output).toContain('shop/pay-db-0: ignored: pod shop/pay-db-0 is protected (guard.protected.names)');
    for (const namespace of ['kube-system', 'vault-a']) {
      expect(record?.output).toContain(`the namespace ${namespace} is protected (guard.protected.namespaces)`);
    }
    expect(record?.output).toContain('talon/falco-talon-0: ignored: Falco Talon never acts on itself');
  } finally {
    await engine.close();
  }
});
