import type { Issue } from '@falco-talon/core';
import { REPLICAS } from './parameters.ts';

/** `min_healthy_replicas` as the rule says it. */
export type Minimum =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percentage'; readonly percentage: number };

/**
 * Reads `2`, `"2"` or `"33%"`. Undefined when it is none of these, or a percentage above 100.
 */
export function parseMinimum(value: number | string): Minimum | undefined {
  const text = String(value);
  if (!/^\d{1,9}%?$/.test(text)) return undefined;
  const number = Number.parseInt(text, 10);
  if (!text.endsWith('%')) return { kind: 'count', count: number };
  return number > 100 ? undefined : { kind: 'percentage', percentage: number };
}

/** What is wrong with the parameter, beyond what its schema says. */
export function minimumIssues(minimum: number | string | undefined): readonly Issue[] {
  if (minimum === undefined || parseMinimum(minimum) !== undefined) return [];
  const message = `must be ${REPLICAS}, not ${JSON.stringify(minimum)}`;
  return [{ path: ['min_healthy_replicas'], message }];
}

/** How many replicas must stay healthy. Percentages are of the desired replicas, rounded up. */
export function requiredReplicas(minimum: Minimum, desired: number): number {
  return minimum.kind === 'count' ? minimum.count : Math.ceil((desired * minimum.percentage) / 100);
}
