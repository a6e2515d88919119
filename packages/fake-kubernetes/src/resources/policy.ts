import { podDisruptionBudgetSchema } from '../schema/policy.ts';
import { resource, STATUS } from './resource.ts';

export const POD_DISRUPTION_BUDGETS = resource({
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  shortNames: ['pdb'],
  schema: podDisruptionBudgetSchema,
  hasGeneration: true,
  subresources: [STATUS],
});
