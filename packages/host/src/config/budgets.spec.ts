import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { budgetsOf } from './budgets.ts';
import { directory, load } from './testing-config.ts';

afterAll(() => rmSync(directory, { recursive: true }));

const budget = (more = '') =>
  `guard:\n  budgets:\n    - { per: workload, limit: 3, window_seconds: 300, cool_down_seconds: 600${more} }\n`;

describe('budgets of the storm brake', () => {
  it('are none unless they are written', async () => {
    expect((await load('')).config?.host.guard.budgets).toEqual([]);
  });

  it('are told to the engine in milliseconds', async () => {
    const { config, problems } = await load(budget());
    expect(problems).toEqual([]);
    expect(budgetsOf(config?.host.guard.budgets ?? [])).toEqual([
      { per: 'workload', limit: 3, window: 300_000, coolDown: 600_000, actionners: [] },
    ]);
  });

  it.each([
    [
      'per: workload',
      'per: pod',
      /^config.yaml:3:14: error: must be one of rule, workload, namespace, node, cluster, not "pod".* \(guard.budgets\[0\].per\)$/,
    ],
    ['limit: 3', 'limit: 0', /^config.yaml:3:31: error: .*\(guard.budgets\[0\].limit\)$/],
    ['limit: 3', 'limit: 1001', /\(guard.budgets\[0\].limit\)$/],
    ['limit: 3, ', '', /limit.*\(guard.budgets\[0\]/],
    ['window_seconds', 'window', /unknown key "window".*\(guard.budgets\[0\].window\)$/],
    ['window_seconds: 300', 'window_seconds: .inf', /\(guard.budgets\[0\].window_seconds\)$/],
    ['cool_down_seconds: 600', 'cool_down_seconds: 1e9', /\(guard.budgets\[0\].cool_down_seconds\)$/],
  ])('%s written as %j is a mistake with its place', async (right, wrong, message) => {
    const { problems } = await load(budget().replace(right, wrong));
    expect(problems.some((problem) => message.test(problem.split('\n')[0]!))).toBe(true);
  });

  it.each(['kubernets:terminate', 'kubernets:*', 'terminate', '__proto__:*', '**'])(
    'a budget for %s, which nothing brings, is a mistake',
    async (pattern) => {
      const { problems, config } = await load(budget(`, actionners: ['${pattern}']`));
      expect(config).toBeUndefined();
      expect(problems[0]).toMatch(/^config.yaml:3:\d+: error: .* \(guard.budgets\[0\].actionners\[0\]\)/);
    },
  );

  it('may be for all actions', async () => {
    const { config } = await load(budget(", actionners: ['*']"));
    expect(config?.host.guard.budgets[0]?.actionners).toEqual(['*']);
  });
});
