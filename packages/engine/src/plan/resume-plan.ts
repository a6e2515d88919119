import { fit, TalonError } from '@falco-talon/core';
import type { Registry } from '../registry/registry.ts';
import type { Plan, PlannedStep } from './plan.ts';

/**
 * A plan of before a restart. It stands whatever the rules say now, except that parameters are brought to what the
 * actionner asks for today. An actionner that
 * is not loaded any more is left to fail with a record.
 * @throws TalonError `invalid_rules` when an actionner cannot be given the parameters of then
 */
export function resumePlan(plan: Plan, registry: Pick<Registry, 'actionners'>): Plan {
  const resumed = (step: PlannedStep): PlannedStep => ({
    ...step,
    parameters: parametersOf(step, registry),
  });
  return { ...plan, chains: plan.chains.map(({ rule, steps }) => ({ rule, steps: steps.map(resumed) })) };
}

function parametersOf({ actionner, parameters }: PlannedStep, registry: Pick<Registry, 'actionners'>) {
  const schema = registry.actionners.get(actionner)?.part.parameters;
  if (!schema) return parameters;
  const { value, issues } = fit(schema, parameters);
  if (issues[0] === undefined) return value as PlannedStep['parameters'];
  const where = [...issues[0].path, issues[0].message].join(': ');
  throw new TalonError('invalid_rules', `it was planned for another version of ${actionner}: ${where}`);
}
