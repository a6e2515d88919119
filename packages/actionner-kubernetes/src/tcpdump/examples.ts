/** The tag is that of a release. */
export const DEFAULT_IMAGE = 'docker.io/nicolaka/netshoot:v0.16';

export const examples = [
  {
    description: 'The traffic of the pod for five seconds.',
    parameters: { duration: 5, snaplen: 4096, image: DEFAULT_IMAGE },
  },
  {
    description: 'Only the heads of the packets, with an image of your own registry.',
    parameters: { duration: 10, snaplen: 96, image: 'registry.example.com/tools/tcpdump:4.99.5' },
  },
] as const;
