import type { Effect, Target } from '@falco-talon/core';
import { runGuard, testGuard, type GuardRunOptions } from '@falco-talon/testkit';
import { describe, expect, it } from 'vitest';
import { protection } from './protection.ts';

const LABEL: Effect = { idempotent: true, destructive: false, readOnly: false };
const CAPTURE: Effect = { ...LABEL, idempotent: false };
const ISOLATE: Effect = { ...LABEL, destructive: true };
const LOG: Effect = { ...LABEL, readOnly: true };
const OWN: readonly Target[] = [{ kind: 'namespace', name: 'falco' }];
const pod = (namespace: string, name = 'a'): Target => ({ kind: 'pod', namespace, name });

testGuard(protection, {
  cases: [
    { description: 'a pod of a user', verdict: 'allow' },
    { description: 'a pod of the cluster', target: pod('kube-system'), verdict: 'deny' },
    { description: 'its own pod', target: pod('falco'), own: OWN, effect: LABEL, verdict: 'deny' },
  ],
  hang: false,
});

async function judged(options: GuardRunOptions): Promise<string> {
  const { verdict } = await runGuard(protection, options);
  return verdict === undefined || verdict.kind === 'allow' ? 'allow' : verdict.reason;
}

describe('Falco Talon itself', () => {
  it.each<Target>([
    pod('falco', 'falco-talon-5d9c'),
    { kind: 'deployment', namespace: 'falco', name: 'falco-talon' },
    { kind: 'lease', namespace: 'falco', name: 'falco-talon' },
    { kind: 'namespace', name: 'falco' },
    { kind: 'project', namespace: 'shop', name: 'falco' },
  ])('nothing with an effect is done to %o, whatever the lists say', async (target) => {
    const guardSettings = { namespaces: [], names: [], kinds: [] };
    for (const effect of [LABEL, CAPTURE, ISOLATE])
      expect(await judged({ target, own: OWN, effect, guardSettings })).toContain('never acts on itself');
    expect(await judged({ target, own: OWN, effect: LOG })).toBe('allow');
  });

  it('may be objects outside its namespace, too', async () => {
    const own: readonly Target[] = [{ kind: 'clusterrole', name: 'falco-talon' }];
    expect(await judged({ target: own[0]!, own })).toContain('clusterrole falco-talon is part of it');
    expect(await judged({ target: { kind: 'clusterrole', name: 'other' }, own })).toBe('allow');
    expect(await judged({ target: { kind: 'clusterrole', namespace: 'x', name: 'falco-talon' }, own })).toBe('allow');
  });

  it('is not what only has a similar name, nor the node it runs on', async () => {
    for (const target of [pod('falco2'), pod('shop', 'falco'), pod('FALCO'), { kind: 'node', name: 'falco' }])
      expect(await judged({ target, own: OWN })).toBe('allow');
  });
});

describe('the lists', () => {
  it('protect the namespaces of the cluster, and what is in them', async () => {
    for (const name of ['kube-system', 'kube-public', 'kube-node-lease']) {
      for (const target of [pod(name), { kind: 'namespace', name }, { kind: 'node', namespace: name, name: 'n' }])
        expect(await judged({ target })).toBe(`the namespace ${name} is protected (guard.protected.namespaces)`);
    }
    expect(await judged({ target: pod('kube-system-2') })).toBe('allow');
  });

  it('let pass what reads, and what ends nothing and can be repeated', async () => {
    const target = pod('kube-system');
    expect(await judged({ target, effect: LOG })).toBe('allow');
    expect(await judged({ target, effect: LABEL })).toBe('allow');
    expect(await judged({ target, effect: CAPTURE })).toContain('is protected');
    expect(await judged({ target, effect: ISOLATE })).toContain('is protected');
  });

  it('are widened and narrowed by their patterns', async () => {
    const guardSettings = { namespaces: ['vault', 'team-*'] };
    expect(await judged({ target: pod('kube-system'), guardSettings })).toBe('allow');
    expect(await judged({ target: pod('vault'), guardSettings })).toContain('the namespace vault is protected');
    expect(await judged({ target: pod('team-a'), guardSettings })).toContain('is protected');
    expect(await judged({ target: pod('vault2'), guardSettings })).toBe('allow');
  });

  it('name objects in any namespace, or in one', async () => {
    const guardSettings = { names: ['*-db-*', 'shop/cart', '/node-?'] };
    expect(await judged({ target: pod('any', 'orders-db-0'), guardSettings })).toBe(
      'pod any/orders-db-0 is protected (guard.protected.names)',
    );
    expect(await judged({ target: pod('shop', 'cart'), guardSettings })).toContain('is protected');
    expect(await judged({ target: pod('other', 'cart'), guardSettings })).toBe('allow');
    expect(await judged({ target: { kind: 'node', name: 'node-1' }, guardSettings })).toContain('is protected');
  });

  it('name kinds in any spelling of the API', async () => {
    const guardSettings = { kinds: ['PersistentVolumes', 'networkpolicies.networking.k8s.io', 'namespace'] };
    for (const kind of ['persistentvolume', 'networkpolicy', 'namespace'])
      expect(await judged({ target: { kind, name: 'a' }, guardSettings })).toBe(
        `each ${kind} is protected (guard.protected.kinds)`,
      );
    expect(await judged({ target: pod('shop'), guardSettings })).toBe('allow');
  });
});
