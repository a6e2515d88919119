import { oneOf, strictObject, Type } from '@falco-talon/core';

const seconds = (value: number, description: string) =>
  Type.Number({ default: value, minimum: 0, description: `Seconds. ${description}` });

export const settings = strictObject({
  applies_to: oneOf(['destructive', 'all', 'none'], {
    default: 'destructive',
    description:
      'Which actions about a pod the alert is compared with the cluster for: those that can end, cut off or take over what runs, all of them, or none.',
  }),
  max_age_seconds: seconds(300, 'An alert that was older when it was received is refused. 0: no limit.'),
  max_ahead_seconds: seconds(60, 'So far an alert may be from the future: clocks differ.'),
  node: Type.Boolean({
    default: true,
    description:
      "The hostname of an alert that names a running pod (`k8s.pod.name`) has to be the pod's node. Falco says the node when FALCO_HOSTNAME is set to it, as its Helm chart does.",
  }),
  container: Type.Boolean({
    default: true,
    description:
      'An alert that names a running pod (`k8s.pod.name`) has to carry `container.id` or `k8s.pod.uid`. What it carries is compared in any case.',
  }),
});
