import { keyed, map, struct } from './schema.ts';
import { labelSelector, objectSchema } from './metadata.ts';

const condition = struct('Condition', {
  type: 'string',
  status: 'string',
  observedGeneration: 'integer',
  lastTransitionTime: 'time',
  reason: 'string',
  message: 'string',
});

export const podDisruptionBudgetSchema = objectSchema('PodDisruptionBudget', {
  spec: struct('PodDisruptionBudgetSpec', {
    minAvailable: 'integer-or-string',
    selector: labelSelector,
    maxUnavailable: 'integer-or-string',
    unhealthyPodEvictionPolicy: 'string',
  }),
  status: struct('PodDisruptionBudgetStatus', {
    observedGeneration: 'integer',
    disruptedPods: map('time'),
    disruptionsAllowed: 'integer',
    currentHealthy: 'integer',
    desiredHealthy: 'integer',
    expectedPods: 'integer',
    conditions: keyed(condition, 'type'),
  }),
});
