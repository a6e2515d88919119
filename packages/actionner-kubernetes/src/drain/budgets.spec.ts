import { daemonSet, job, podDisruptionBudget, replicaSet } from '@falco-talon/fake-kubernetes';
import { describe, expect, it } from 'vitest';
import { alertAbout } from '../../spec/cluster.ts';
import { sortedLines, useDrainedNode } from '../../spec/draining.ts';

const node1 = useDrainedNode();
const api = () => node1.cluster.api;

describe('min_healthy_replicas', () => {
  const web = (replicas: number, healthy = replicas) =>
    replicaSet({ name: 'web', namespace: 'shop', replicas, ready: healthy });

  it.each([
    [5, 5, 3, 2],
    [5, 5, '50%', 2],
    [5, 4, 3, 2],
    [3, 3, '100%', 0],
    [3, 3, 0, 3],
  ])('counts the pods of one owner together: of %i with %i healthy, at least %s: %i go', async (...given) => {
    const [replicas, healthy, minimum, going] = given;
    api().remove('pods', 'shop', 'cart-0');
    node1.create(...web(replicas, healthy));
    const [alert = ''] = api()
      .objects('pods', 'shop')
      .map(({ metadata }) => metadata.name);
    const outcome = await node1.run({ min_healthy_replicas: minimum }, { event: alertAbout(alert) });
    expect(outcome.status).toBe('success');
    const gone = replicas - node1.untouched().length;
    expect(gone).toBe(going);
    expect(api().requests.filter(({ resource }) => resource === 'replicasets')).toHaveLength(1);
  });

  it('leaves pods whose owner cannot be counted, with the reason', async () => {
    node1.create(
      ...daemonSet({ name: 'agent', namespace: 'shop' }),
      ...job({ name: 'batch', namespace: 'shop', replicas: 2 }),
    );
    const outcome = await node1.run({ min_healthy_replicas: 1, ignore_daemonsets: false });
    expect(outcome.output).toContain('shop/cart-0: ignored: it has no owner whose replicas');
    expect(outcome.output).toContain('the replicas of DaemonSet agent, which owns it, cannot be counted');
    expect(node1.evictions()).toHaveLength(1);
  });

  it('holds for three drains of the node at the same moment', async () => {
    api().remove('pods', 'shop', 'cart-0');
    node1.create(...web(6));
    const names = api()
      .objects('pods', 'shop')
      .map(({ metadata }) => metadata.name);
    const outcomes = await Promise.all(
      names
        .slice(0, 3)
        .map((name) => node1.run({ min_healthy_replicas: 4, max_wait_period: 60 }, { event: alertAbout(name) })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['success', 'success', 'success']);
    expect(node1.untouched()).toHaveLength(4);
  });

  it('is given back by what a budget refused', async () => {
    api().remove('pods', 'shop', 'cart-0');
    node1.create(...web(3), podDisruptionBudget({ name: 'web', namespace: 'shop', minAvailable: 3 }));
    const [alert = ''] = api()
      .objects('pods', 'shop')
      .map(({ metadata }) => metadata.name);
    expect(
      (await node1.run({ min_healthy_replicas: 2, max_wait_period: 0 }, { event: alertAbout(alert) })).error?.code,
    ).toBe('throttled');
    api().remove('poddisruptionbudgets', 'shop', 'web');
    await node1.run({ min_healthy_replicas: 2, max_wait_period: 0 }, { event: alertAbout(alert) });
    expect(node1.untouched()).toHaveLength(2);
  });

  it('refuses values nobody could mean when the rules load', async () => {
    await expect(node1.run({ min_healthy_replicas: '150%' })).rejects.toThrow('min_healthy_replicas');
  });
});

describe('budgets', () => {
  const budgeted = (minAvailable: number) =>
    node1.create(
      ...replicaSet({ name: 'web', namespace: 'shop', replicas: 3 }),
      podDisruptionBudget({ name: 'web', namespace: 'shop', minAvailable }),
    );

  it('that refuse are named, and asked once when nothing is waited for', async () => {
    budgeted(2);
    const outcome = await node1.run({ max_wait_period: 0 });
    expect(outcome.error).toMatchObject({ code: 'throttled', retryable: false });
    expect(outcome.message).toContain('evicted 2 pods, 2 still terminating, 2 refused by a budget');
    expect(outcome.message).toMatch(
      /shop\/web-\w+: refused by budget web: needs 2 healthy pods and has 2 currently; shop\/web-\w+: refused/,
    );
    expect(node1.evictions()).toHaveLength(4);
    expect(outcome.lines.at(-1)).toMatchObject({ message: 'node not drained' });
  });

  it('are asked again until they allow it', async () => {
    budgeted(3);
    const running = node1.run({ max_wait_period: 60 });
    await api().waitForRequest(({ name, subresource }) => subresource === 'eviction' && name.startsWith('web'));
    await api().until(() => api().get('pods', 'shop', 'cart-0') === undefined);
    api().change(
      'poddisruptionbudgets',
      'shop',
      'web',
      (budget) => (budget.spec = { ...budget.spec, minAvailable: 0 }),
    );
    const outcome = await running;
    expect(outcome).toMatchObject({ status: 'success' });
    expect(outcome.message).toContain('evicted 4 pods');
    expect(api().objects('pods')).toEqual([]);
  }, 20_000);

  it('over one pod that are two are a failure that says so, for that pod alone', async () => {
    node1.create(
      ...replicaSet({ name: 'web', namespace: 'shop', replicas: 1 }),
      podDisruptionBudget({ name: 'web', namespace: 'shop', minAvailable: 0 }),
      podDisruptionBudget({ name: 'web-2', namespace: 'shop', labels: { app: 'web' }, minAvailable: 0 }),
    );
    const outcome = await node1.run({ max_wait_period: 0 });
    expect(outcome.error).toMatchObject({ code: 'rejected', retryable: false });
    expect(outcome.message).toContain('evicted 1 pod');
    expect(outcome.message).toContain('more than one PodDisruptionBudget');
    expect(node1.evictions()).toHaveLength(2);
  });

  it.each(['ignore_errors', 'ignore_error'])(
    'and what else went wrong is a success with a report with %s',
    async (name) => {
      budgeted(3);
      const outcome = await node1.run({ [name]: true, max_wait_period: 0 });
      expect(outcome).toMatchObject({ status: 'success' });
      expect(outcome.message).toContain('3 refused by a budget');
      expect(sortedLines(outcome.output)).toHaveLength(4);
    },
  );

  it('cannot be told to be both a failure and none', async () => {
    for (const ignore_errors of [true, false]) {
      const contradiction = node1.run({ ignore_errors, ignore_error: !ignore_errors, max_wait_period: 0 });
      await expect(contradiction).rejects.toThrow(`says the opposite of ignore_errors, which is ${ignore_errors}`);
    }
    const agreed = await node1.run({ ignore_errors: true, ignore_error: true, max_wait_period: 0 });
    expect(agreed.status).toBe('success');
  });

  it('are not waited for in excluded namespaces', async () => {
    budgeted(3);
    const outcome = await node1.run({ max_wait_period: 60, wait_period_excluded_namespaces: ['shop'] });
    expect(outcome.error?.code).toBe('throttled');
    expect(node1.evictions()).toHaveLength(4);
    expect(api().requests.some(({ verb }) => verb === 'watch')).toBe(false);
  });
});
