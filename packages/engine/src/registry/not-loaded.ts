/** What the Go engine has. Rules made for it name parts that a program without their plugin does not know. */
const GO_PARTS: Readonly<Record<string, readonly string[]>> = {
  actionner: [
    'aws:lambda',
    'calico:networkpolicy',
    'cilium:networkpolicy',
    'gcp:function',
    ...[
      'annotation',
      'cordon',
      'delete',
      'download',
      'drain',
      'exec',
      'label',
      'log',
      'networkpolicy',
      'script',
      'sysdig',
      'tcpdump',
      'terminate',
    ].map((name) => `kubernetes:${name}`),
  ],
  context: ['aws', 'k8snode'],
  notifier: ['elasticsearch', 'k8sevents', 'loki', 'slack', 'smtp', 'webhook'],
  output: ['aws:s3', 'gcp:gcs', 'local:file', 'minio:s3'],
};

/** A sentence about a part that is unknown only because its plugin is not loaded; undefined for any other name. */
export function notLoaded(kind: string, name: string): string | undefined {
  if (!GO_PARTS[kind]?.includes(name)) return undefined;
  return `no loaded plugin brings the ${kind} ${name}; take it out, or name a plugin that has it under plugins in config.yaml`;
}
