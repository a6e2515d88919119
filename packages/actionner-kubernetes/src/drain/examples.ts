import type { ActionnerExample } from '@falco-talon/core';
import type { Parameters } from './parameters.ts';

const usual: Parameters = {
  ignore_daemonsets: true,
  ignore_statefulsets: false,
  wait_period_excluded_namespaces: [],
};

export const examples: readonly [ActionnerExample<Parameters>, ...ActionnerExample<Parameters>[]] = [
  { description: 'Cordon the node and evict its pods', parameters: usual },
  {
    description:
      'Wait up to ten minutes for budgets and for the pods to be gone, and report what is left as no failure',
    parameters: { ...usual, max_wait_period: 600, ignore_errors: true, wait_period_excluded_namespaces: ['batch'] },
  },
  {
    description: 'Keep a third of the replicas of each workload healthy, and leave databases alone',
    parameters: { ...usual, min_healthy_replicas: '33%', ignore_statefulsets: true, grace_period_seconds: 30 },
  },
];
