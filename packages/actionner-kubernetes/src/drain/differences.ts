import { valueText, type Difference, type WrittenAction } from '@falco-talon/core';
import { absoluteMinimum } from '../terminate/differences.ts';

const given = ({ parameters }: WrittenAction, key: string) => parameters[key] !== undefined;

export const differences: readonly Difference[] = [
  {
    id: 'cordon',
    effect: 'more',
    there: 'the node goes on taking new pods',
    here: 'it is cordoned before its pods are evicted, and stays so until somebody uncordons it',
  },
  {
    id: 'protected',
    effect: 'less',
    there: 'pods of every namespace are evicted, its own too',
    here: 'those that guard.protected names (kube-system, unless told otherwise) and its own are left where they are',
  },
  {
    id: 'daemonsets',
    effect: 'less',
    when: 'ignore_daemonsets is not given',
    there: 'pods of DaemonSets are evicted',
    here: 'they are left alone, since they would come straight back; ignore_daemonsets: false evicts them',
    applies: (action) => !given(action, 'ignore_daemonsets'),
  },
  absoluteMinimum,
  {
    id: 'minimum-percent',
    effect: 'less',
    when: 'min_healthy_replicas is a percentage',
    there: 'it is a share of the pods that are healthy anyway, so it never keeps one',
    here: 'it is a share of the replicas the owner wants, so pods below it stay',
    parameter: 'min_healthy_replicas',
    applies: ({ parameters }) => valueText(parameters['min_healthy_replicas'])?.endsWith('%') === true,
  },
  {
    id: 'wait',
    effect: 'other',
    when: 'max_wait_period is not given',
    there: 'each pod is asked to go once, and nothing is waited for',
    here: 'up to 60 s are spent asking budgets again and waiting; max_wait_period: 0 waits for nothing',
    applies: (action) => !given(action, 'max_wait_period'),
  },
  {
    id: 'wait-excluded',
    effect: 'other',
    when: 'wait_period_excluded_namespaces is given',
    there: 'it has no effect',
    here: 'pods of these namespaces are evicted, but not waited for',
    parameter: 'wait_period_excluded_namespaces',
    applies: (action) => given(action, 'wait_period_excluded_namespaces'),
  },
];
