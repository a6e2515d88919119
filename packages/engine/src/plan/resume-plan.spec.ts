import { definePlugin, strictObject, Type } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { specActionner, STEP } from '../act/testing-step.ts';
import { buildRegistry } from '../registry/registry.ts';
import { resumePlan } from './resume-plan.ts';

const parameters = strictObject({ labels: Type.String(), level: Type.String({ default: 'pod' }) });
const registry = buildRegistry([
  definePlugin({ name: 'spec', category: 'spec', actionners: [specActionner({ parameters })] }),
]);
const planOf = (given: Readonly<Record<string, unknown>>, more = {}) => ({
  ruleSet: 'v',
  chains: [{ rule: 'rule', steps: [{ ...STEP, parameters: given, ...more }] }],
});
const resumed = (plan: ReturnType<typeof planOf>) => resumePlan(plan, registry).chains[0]!.steps[0]!;

describe('a plan of before a restart', () => {
  it('stands as it was', () => {
    const plan = planOf({ labels: 'a', level: 'node' }, { continue: false, notifiers: ['slack'] });
    expect(resumePlan(plan, registry)).toEqual(plan);
  });

  it('stays a dry run', () => {
    expect(resumed(planOf({ labels: 'a' }, { dryRun: true })).dryRun).toBe(true);
    expect(resumed(planOf({ labels: 'a' })).dryRun).toBe(false);
  });

  it('gets the defaults of parameters its actionner did not know then', () => {
    expect(resumed(planOf({ labels: 'a' })).parameters).toEqual({ labels: 'a', level: 'pod' });
  });

  it.each([
    [{}, 'labels is missing'],
    [{ labels: 'a', gone: 1 }, 'unknown key "gone"'],
  ])('is refused when the parameters %j do not fit any more', (given, reason) => {
    expect(() => resumed(planOf(given))).toThrow(reason);
  });

  it('leaves an actionner that is not loaded any more to fail by itself', () => {
    expect(resumed(planOf({ any: 1 }, { actionner: 'spec:gone' })).parameters).toEqual({ any: 1 });
  });
});
