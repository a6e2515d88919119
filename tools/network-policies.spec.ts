import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  calicoCrds,
  ciliumCrds,
  containerId,
  deployment,
  pod,
  startFakeKubernetes,
  type FakeKubernetes,
} from '@falco-talon/fake-kubernetes';
import { startTestEngine } from '@falco-talon/testkit/engine';
import { plugins } from 'falco-talon';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const page = await readFile(join(import.meta.dirname, '../docs/network-policies.md'), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].filter(([, found]) => found === language).map(([, , text]) => text!);

interface Shown {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

/** A rule of the page and the policy the page says it makes. */
const SHOWN = blocks('yaml').map((rules, index) => [rules, parse(blocks('yml')[index] ?? '') as Shown] as const);

describe('docs/network-policies.md', () => {
  let fake: FakeKubernetes;
  let folder: string;
  const cart = deployment({ name: 'cart', namespace: 'shop', labels: { app: 'cart' } });
  const ofCart = cart.find(({ kind }) => kind === 'Pod')!.metadata.name!;

  beforeAll(async () => {
    fake = await startFakeKubernetes({
      objects: [
        ...calicoCrds({ group: 'projectcalico.org' }),
        ...ciliumCrds(),
        pod({ name: 'cart-0', namespace: 'shop' }),
        ...cart,
      ],
    });
    folder = await mkdtemp(join(tmpdir(), 'network-policies-'));
    await fake.writeKubeconfig(join(folder, 'kubeconfig'));
  });
  afterAll(async () => {
    await fake.close();
    await rm(folder, { recursive: true });
  });

  it.each(SHOWN)('shows the policy this rule makes\n%s', async (rules, shown) => {
    const [rule] = parse(rules) as [{ match: { rules: [string] } }];
    const engine = await startTestEngine({
      plugins: (await plugins()).map((module) => module.default),
      rules,
      clients: { kubernetes: { kubeconfig: join(folder, 'kubeconfig'), namespace: '' } },
    });
    try {
      const name = shown.kind === 'NetworkPolicy' && shown.apiVersion.startsWith('networking') ? 'cart-0' : ofCart;
      for (const address of ['203.0.113.7', '2001:db8::7']) {
        await engine.post({
          rule: rule.match.rules[0],
          source: 'syscall',
          hostname: 'node-1',
          output_fields: {
            'k8s.ns.name': 'shop',
            'k8s.pod.name': name,
            'container.id': containerId('shop', name, 'main').replace('containerd://', ''),
            'fd.rip': address,
          },
        });
      }
      const records = await engine.outcomes(2);
      expect(records.map(({ status }) => status)).toEqual(['success', 'success']);
    } finally {
      await engine.close();
    }
    const plural = shown.kind === 'CiliumNetworkPolicy' ? 'ciliumnetworkpolicies' : 'networkpolicies';
    const qualified = `${plural}.${shown.apiVersion.split('/')[0]}`;
    const made = fake.get(qualified, shown.metadata.namespace, shown.metadata.name);
    expect({ apiVersion: made?.apiVersion, kind: made?.kind, spec: made?.spec }).toEqual({
      apiVersion: shown.apiVersion,
      kind: shown.kind,
      spec: shown.spec,
    });
  });
});
