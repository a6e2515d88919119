import { node, statefulSet } from '@falco-talon/fake-kubernetes';
import { askSettled } from '@falco-talon/testkit';
import { describe, expect, it } from 'vitest';
import { alertAbout } from '../../spec/cluster.ts';
import { shopPod, useDrainedNode } from '../../spec/draining.ts';
import { drain } from './drain.ts';

const node1 = useDrainedNode();
const api = () => node1.cluster.api;

describe('the wait', () => {
  it('ends with a report of what is still there', async () => {
    node1.create(shopPod('slow', { node: 'node-1' }));
    api().setNodeAnswers('node-1', false);
    const outcome = await node1.run({ max_wait_period: 1 });
    api().setNodeAnswers('node-1', true);
    expect(outcome.error).toMatchObject({ code: 'timeout', retryable: false });
    expect(outcome.message).toContain('shop/slow: evicted, still terminating after max_wait_period');
    expect(outcome.message).toContain('evicted 2 pods, 2 still terminating');
  });

  it('knows a pod of a StatefulSet from the one that takes its place', async () => {
    node1.create(...statefulSet({ name: 'db', namespace: 'shop' }));
    const [before] = api()
      .objects('pods', 'shop')
      .filter(({ metadata }) => metadata.name === 'db-0');
    const running = node1.run({ max_wait_period: 60 });
    await api().until(() => api().get('pods', 'shop', 'db-0') === undefined);
    node1.create(shopPod('db-0', { uid: 'uid-new' }));
    expect((await running).output).toContain('shop/db-0: evicted');
    expect(api().get('pods', 'shop', 'db-0')?.metadata).toMatchObject({ uid: 'uid-new' });
    expect(api().get('pods', 'shop', 'db-0')?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(node1.untouched()).toEqual(['db-0']);
  });

  it('survives a watch that is cut and too old to go on', async () => {
    api().setNodeAnswers('node-1', false);
    const running = node1.run({ max_wait_period: 60 });
    await api().waitForRequest(({ verb }) => verb === 'watch');
    await api().watches.until(1);
    await api().until(() => node1.untouched().length === 0);
    api().watches.silence();
    api().remove('pods', 'shop', 'cart-0');
    api().compact();
    api().closeConnections();
    expect((await running).output).toBe('shop/cart-0: evicted');
    api().setNodeAnswers('node-1', true);
  });

  it('leaves no watch behind, whatever the end', async () => {
    await node1.run({ max_wait_period: 60 });
    await api().watches.until(0);
    node1.clear();
    api().setNodeAnswers('node-1', false);
    const stop = new AbortController();
    const running = node1.run({ max_wait_period: 60 }, { signal: stop.signal });
    await api().until(() => node1.untouched().length === 0);
    stop.abort();
    expect((await running).status).toBe('failure');
    await api().watches.until(0);
    api().setNodeAnswers('node-1', true);
  });
});

describe('after a crash or a lost answer', () => {
  const settled = (parameters = {}, facts: { node: string; uid?: string } = { node: 'node-1' }) =>
    askSettled(drain, {
      event: alertAbout('cart-0'),
      clients: { kubernetes: node1.cluster.client },
      parameters,
      facts,
    });

  it('a drain goes on, also without the pod of the alert', async () => {
    await node1.run();
    node1.create(shopPod('cart-1'));
    await api().until(() => api().get('pods', 'shop', 'cart-0') === undefined);
    expect(await settled()).toBe('again');
    expect((await node1.run({}, { facts: { node: 'node-1' } })).output).toContain('shop/cart-1: evicted');
    expect(await settled()).toBe('done');
  });

  it('is not done while pods it waits for are there', async () => {
    api().setNodeAnswers('node-1', false);
    await node1.run({ max_wait_period: 0 });
    expect(await settled({ max_wait_period: 0 })).toBe('done');
    expect(await settled()).toBe('again');
    api().setNodeAnswers('node-1', true);
  });

  it('is done when another machine has taken the name of the node, which is then left alone', async () => {
    const facts = { node: 'node-1', uid: api().get('nodes', '', 'node-1')?.metadata.uid ?? '' };
    expect((await node1.run({}, { dryRun: true })).facts).toEqual(facts);
    api().remove('nodes', '', 'node-1');
    api().create(node({ name: 'node-1' }));
    expect(await settled({}, facts)).toBe('done');
    expect((await node1.run({}, { facts })).error).toMatchObject({ code: 'target_gone', retryable: false });
    expect(api().get('nodes', '', 'node-1')?.spec).not.toHaveProperty('unschedulable');
    expect(node1.untouched()).toEqual(['cart-0']);
  });

  it('is done when the node is gone', async () => {
    api().remove('nodes', '', 'node-1');
    expect(await settled()).toBe('done');
  });

  it.each(['lost-answer', 'reset'] as const)('of the cordon (%s) it may be repeated', async (kind) => {
    api().fault({ kind, match: { method: 'PATCH' }, times: 1 });
    expect((await node1.run()).error).toMatchObject({ code: 'outcome_unknown', retryable: true });
    expect(await settled()).toBe('again');
    expect((await node1.run({}, { facts: { node: 'node-1' } })).status).toBe('success');
  });
});
