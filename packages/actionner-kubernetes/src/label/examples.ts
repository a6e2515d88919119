export const examples = [
  {
    description: 'Mark the pod for whoever looks at it next',
    parameters: { labels: { 'analysis/status': 'suspicious' }, level: 'pod' },
  },
  {
    description: 'Take the pod out of its Service, leaving it running, by removing the label the Service selects',
    parameters: { labels: { app: '', quarantine: 'true' }, level: 'pod' },
  },
  { description: 'Mark the node the pod runs on', parameters: { labels: { suspicious: 'true' }, level: 'node' } },
] as const;
