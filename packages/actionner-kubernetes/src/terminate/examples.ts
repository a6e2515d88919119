const anyPod = { ignore_daemonsets: false, ignore_statefulsets: false, ignore_standalone_pods: false };

export const examples = [
  { description: 'Delete the pod, with the grace period it has itself', parameters: anyPod },
  { description: 'Kill it at once', parameters: { ...anyPod, grace_period_seconds: 0 } },
  {
    description: 'Only pods that come back by themselves, and only while a third of the replicas stays healthy',
    parameters: {
      ignore_daemonsets: false,
      ignore_statefulsets: true,
      ignore_standalone_pods: true,
      min_healthy_replicas: '33%',
    },
  },
] as const;
