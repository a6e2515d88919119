import type { ObjectInput } from '../api-object.ts';

export interface PodDisruptionBudgetInput {
  readonly name: string;
  /** Default `default`. */
  readonly namespace?: string;
  /** The pods it is about; default those labelled `app: <name>`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** A number or a percentage; one of the two. */
  readonly minAvailable?: number | string;
  readonly maxUnavailable?: number | string;
  readonly unhealthyPodEvictionPolicy?: 'IfHealthyBudget' | 'AlwaysAllow';
}

/** A PodDisruptionBudget; its status is the controller's. */
export function podDisruptionBudget(input: PodDisruptionBudgetInput): ObjectInput {
  const { name, namespace = 'default', labels = { app: name }, ...spec } = input;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace },
    spec: { ...spec, selector: { matchLabels: { ...labels } } },
  };
}
