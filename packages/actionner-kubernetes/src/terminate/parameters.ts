import { strictObject, Type, type Static } from '@falco-talon/core';

/** What `min_healthy_replicas` takes, for error messages. */
export const REPLICAS = 'a number of replicas or a percentage up to 100%';

const flag = (description: string) => Type.Boolean({ default: false, description });

export function minHealthyReplicas(description: string) {
  const count = Type.Integer({ minimum: 0, maximum: 999_999_999 });
  return Type.Optional(
    Type.Union([count, Type.String({ pattern: '^[0-9]{1,9}%?$', form: REPLICAS })], { description }),
  );
}

export const gracePeriodSeconds = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647, description }));

export const parameters = strictObject({
  grace_period_seconds: gracePeriodSeconds(
    'Seconds the pod gets to stop. Absent: the time it asks for itself. 0: it is killed at once.',
  ),
  ignore_daemonsets: flag('Leave pods of DaemonSets alone.'),
  ignore_statefulsets: flag('Leave pods of StatefulSets alone.'),
  ignore_standalone_pods: flag('Leave pods without an owner alone: nothing would bring them back.'),
  min_healthy_replicas: minHealthyReplicas(
    'Healthy replicas that must be left afterwards: a number, or a percentage of the replicas the owner wants, rounded up ("33%").',
  ),
});

export type Parameters = Static<typeof parameters>;
