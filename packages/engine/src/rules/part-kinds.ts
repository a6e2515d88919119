export const PART_KINDS = ['actionner', 'output', 'context', 'notifier'] as const;
export type PartKind = (typeof PART_KINDS)[number];

/**
 * What the Go engine brings of each kind, so that a rule written for it is told that a plugin is missing here, and not
 * that there is no such thing.
 * https://github.com/falcosecurity/falco-talon
 */
export const GO_ENGINE_PARTS: Readonly<Record<PartKind, ReadonlySet<string>>> = {
  actionner: new Set([
    ...['annotation', 'cordon', 'delete', 'download', 'drain', 'exec', 'label', 'log'].map((n) => `kubernetes:${n}`),
    ...['networkpolicy', 'script', 'sysdig', 'tcpdump', 'terminate'].map((name) => `kubernetes:${name}`),
    'calico:networkpolicy',
    'cilium:networkpolicy',
    'aws:lambda',
    'gcp:function',
  ]),
  output: new Set(['local:file', 'aws:s3', 'minio:s3', 'gcp:gcs']),
  context: new Set(['aws', 'k8snode']),
  notifier: new Set(['elasticsearch', 'k8sevents', 'loki', 'slack', 'smtp', 'webhook']),
};
