/** The tag is that of a release. */
export const DEFAULT_IMAGE = 'docker.io/sysdig/sysdig:0.36.0';

export const examples = [
  {
    description: 'The system calls of the pod for five seconds.',
    parameters: { duration: 5, buffer_size: 2048, scope: 'pod', image: DEFAULT_IMAGE },
  },
  {
    description: 'Those of all that runs on its node, with little of what is read and written.',
    parameters: { duration: 10, buffer_size: 80, scope: 'node', image: DEFAULT_IMAGE },
  },
] as const;
