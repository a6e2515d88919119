import { strictObject, Type, type Issue, type Static } from '@falco-talon/core';
import { nameParameter } from '@falco-talon/client-kubernetes';
import { gracePeriodSeconds, minHealthyReplicas } from '../terminate/parameters.ts';

/** Just under the longest time any step may take. */
const LONGEST_WAIT = 86_000;

export const parameters = strictObject({
  min_healthy_replicas: minHealthyReplicas(
    'Leave pods whose owner would have fewer healthy replicas afterwards: a number, or a percentage of the replicas it wants, rounded up ("33%").',
  ),
  ignore_daemonsets: Type.Boolean({
    default: true,
    description: 'Leave pods of DaemonSets alone: an evicted one comes straight back to the same node.',
  }),
  ignore_statefulsets: Type.Boolean({ default: false, description: 'Leave pods of StatefulSets alone.' }),
  ignore_errors: Type.Optional(
    Type.Boolean({
      description:
        'The action is a success, with a report, although some pods could not be evicted or are still there. Absent: false.',
    }),
  ),
  ignore_error: Type.Optional(Type.Boolean({ description: 'Another name of ignore_errors.' })),
  grace_period_seconds: gracePeriodSeconds(
    'Seconds each pod gets to stop. Absent: the time it asks for itself. 0: it is killed at once.',
  ),
  max_wait_period: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: LONGEST_WAIT,
      description:
        'Seconds, all in all, to ask budgets again and to wait for evicted pods to be gone; what is still there then is a failure. Absent: 60, and pods that take longer to stop are no failure. 0: each pod is asked once, and nothing is waited for.',
    }),
  ),
  wait_period_excluded_namespaces: Type.Array(nameParameter('a namespace'), {
    default: [],
    description: 'Namespaces whose pods are evicted like others, but not waited for.',
  }),
});

export type Parameters = Static<typeof parameters>;

/** One parameter under two names says one thing. */
export function contradiction({ ignore_error: other, ignore_errors: own }: Parameters): readonly Issue[] {
  if (own === undefined || other === undefined || own === other) return [];
  return [{ path: ['ignore_error'], message: `says the opposite of ignore_errors, which is ${own}; leave it out` }];
}

export function ignoresErrors({ ignore_error: other, ignore_errors: own }: Parameters): boolean {
  return own ?? other ?? false;
}

/** Twice the grace most pods have. */
const USUAL_WAIT = 60;

export function waitSeconds({ max_wait_period: seconds }: Pick<Parameters, 'max_wait_period'>): number {
  return seconds ?? USUAL_WAIT;
}
