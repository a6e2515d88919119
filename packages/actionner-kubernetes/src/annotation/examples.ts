export const examples = [
  {
    description: 'Leave a note for whoever looks at the pod next',
    parameters: {
      annotations: { 'example.com/analysis': 'suspicious: see the runbook before you restart it' },
      level: 'pod',
    },
  },
  {
    description: 'Ask another tool for a capture, and take back what it was told before',
    parameters: { annotations: { 'capture.example.com/start': 'true', 'capture.example.com/stop': '' }, level: 'pod' },
  },
  {
    description: 'Leave the note on the node the pod runs on',
    parameters: { annotations: { 'example.com/analysis': 'suspicious' }, level: 'node' },
  },
] as const;
