import { valueText, type Difference, type WrittenAction } from '@falco-talon/core';

const minimum = ({ parameters }: WrittenAction) => valueText(parameters['min_healthy_replicas']) ?? '';
const isPercentage = (action: WrittenAction) => minimum(action).endsWith('%');

/** Of everything that keeps a number of replicas alive. */
export const absoluteMinimum: Difference = {
  id: 'minimum',
  effect: 'less',
  when: 'min_healthy_replicas is a number',
  there:
    'a pod is taken as long as this many are healthy before, so one fewer is left, and only pods of ReplicaSets are counted',
  here: 'this many must be left afterwards, StatefulSets, ReplicationControllers and Jobs are counted too, and pods of owners that cannot be counted are left alone',
  parameter: 'min_healthy_replicas',
  applies: (action) => /^\d+$/.test(minimum(action)),
};

const percentMinimum: Difference = {
  id: 'minimum-percent',
  effect: 'more',
  when: 'min_healthy_replicas is a percentage',
  there:
    'the percentage is compared with the number of healthy pods (50% asks for 50 pods), so nearly every pod of a ReplicaSet is left alone',
  here: 'it is a share of the replicas the owner wants, so pods above it are terminated',
  parameter: 'min_healthy_replicas',
  applies: isPercentage,
};

const percentOthers: Difference = {
  id: 'minimum-percent-others',
  effect: 'less',
  when: 'min_healthy_replicas is a percentage',
  there: 'only pods of ReplicaSets are counted; all others are terminated',
  here: 'StatefulSets, ReplicationControllers and Jobs are counted too, and pods of owners that cannot be counted are left alone',
  parameter: 'min_healthy_replicas',
  applies: isPercentage,
};

const gracePeriod: Difference = {
  id: 'grace-period',
  effect: 'less',
  when: 'grace_period_seconds is not given',
  there: 'the pod is killed at once',
  here: 'it gets the time it asks for itself, 30 s for most; grace_period_seconds: 0 kills it at once',
  applies: ({ parameters }) => parameters['grace_period_seconds'] === undefined,
};

export const differences: readonly Difference[] = [percentMinimum, percentOthers, absoluteMinimum, gracePeriod];
