import type { Target } from '@falco-talon/core';
import { falcoEvent } from '@falco-talon/testkit';
import { describe, expect, it } from 'vitest';
import type { BudgetScope } from './budget.ts';
import { scopeKey } from './scope-key.ts';

const pod = (name: string): Target => ({ kind: 'pod', namespace: 'shop', name });

function label(
  per: BudgetScope,
  target: Target | undefined,
  alert: Parameters<typeof falcoEvent>[0] = {},
): string | undefined {
  const event = falcoEvent({ hostname: 'node-7', ...alert });
  return scopeKey(per, { event, rule: 'Shell', target, subject: undefined })?.label;
}

describe('what is counted apart', () => {
  it.each<[BudgetScope, Target | undefined, string | undefined]>([
    ['rule', undefined, 'rule Shell'],
    ['cluster', undefined, 'the cluster'],
    ['namespace', pod('cart'), 'namespace shop'],
    ['namespace', { kind: 'namespace', name: 'shop' }, 'namespace shop'],
    ['namespace', { kind: 'node', name: 'a' }, undefined],
    ['namespace', undefined, undefined],
    ['node', pod('cart'), 'node node-7'],
    ['node', { kind: 'node', name: 'node-1' }, 'node node-1'],
    ['workload', undefined, undefined],
    ['workload', { kind: 'node', name: 'node-1' }, 'node node-1'],
    ['workload', pod('cart'), 'pod shop/cart'],
    ['workload', pod('cart-5d4f8c7b69-x2x9z'), 'pod shop/cart'],
    ['workload', pod('agent-x2x9z'), 'pod shop/agent'],
    ['workload', pod('db-0'), 'pod shop/db'],
    ['workload', pod('cart-blue'), 'pod shop/cart-blue'],
  ])('%s of %j is %s', (per, target, expected) => {
    expect(label(per, target)).toBe(expected);
  });

  it('takes the owner the alert names', () => {
    const fields = (values: Record<string, unknown>) => ({ fields: values });
    expect(
      label('workload', pod('cart-x2x9z'), fields({ 'k8s.rs.name': 'cart-5d', 'k8s.deployment.name': 'cart' })),
    ).toBe('deployment shop/cart');
    expect(label('workload', pod('cart-x2x9z'), fields({ 'k8smeta.rs.name': 'cart-5d' }))).toBe(
      'replicaset shop/cart-5d',
    );
    expect(label('workload', pod('cart-x2x9z'), fields({ 'k8s.deployment.name': '<NA>' }))).toBe('pod shop/cart');
  });

  it('believes what a guard found before what the alert says', () => {
    const subject = { workload: { kind: 'daemonset', namespace: 'shop', name: 'agent' }, node: 'node-1' };
    const about = { event: falcoEvent({ hostname: 'node-7' }), rule: 'Shell', target: pod('cart-x2x9z'), subject };
    expect(scopeKey('workload', about)?.label).toBe('daemonset shop/agent');
    expect(scopeKey('node', about)?.label).toBe('node node-1');
  });

  it('knows no node of an alert that did not come from a kernel', () => {
    expect(label('node', pod('cart'), { source: 'k8s_audit' })).toBeUndefined();
  });

  it('is short, however long the alert', () => {
    const key = scopeKey('node', {
      event: falcoEvent({ hostname: 'x'.repeat(1_000_000) }),
      rule: 'Shell',
      target: undefined,
      subject: undefined,
    });
    expect(key?.key).toHaveLength(512);
  });
});
