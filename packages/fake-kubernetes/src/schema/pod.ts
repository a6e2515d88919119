import type { StructSchema } from './schema.ts';
import { keyed, list, map, setOf, struct } from './schema.ts';
import { objectMeta, objectSchema } from './metadata.ts';

const env = keyed(struct('EnvVar', { name: 'string', value: 'string', valueFrom: 'any' }), 'name');
const port = struct('ContainerPort', {
  name: 'string',
  hostPort: 'integer',
  containerPort: 'integer',
  protocol: 'string',
  hostIP: 'string',
});
const resources = struct('ResourceRequirements', { limits: map('any'), requests: map('any'), claims: 'any' });
const volumeMounts = keyed(
  struct('VolumeMount', {
    name: 'string',
    readOnly: 'flag',
    recursiveReadOnly: 'string',
    mountPath: 'string',
    subPath: 'string',
    mountPropagation: 'string',
    subPathExpr: 'string',
  }),
  'mountPath',
);

function container(go: string, more: Readonly<Record<string, 'string'>> = {}): StructSchema {
  return struct(go, {
    name: 'string',
    image: 'string',
    command: list('string'),
    args: list('string'),
    workingDir: 'string',
    ports: keyed(port, 'containerPort', ['containerPort', 'protocol']),
    envFrom: list('any'),
    env,
    resources,
    resizePolicy: list('any'),
    restartPolicy: 'string',
    restartPolicyRules: list('any'),
    volumeMounts,
    volumeDevices: list('any'),
    livenessProbe: 'any',
    readinessProbe: 'any',
    startupProbe: 'any',
    lifecycle: 'any',
    terminationMessagePath: 'string',
    terminationMessagePolicy: 'string',
    imagePullPolicy: 'string',
    securityContext: 'any',
    stdin: 'flag',
    stdinOnce: 'flag',
    tty: 'flag',
    ...more,
  });
}

const toleration = struct('Toleration', {
  key: 'string',
  operator: 'string',
  value: 'string',
  effect: 'string',
  tolerationSeconds: 'integer',
});
const named = (go: string): StructSchema => ({ ...struct(go, { name: 'string' }), open: true });

export const podSpec = struct('PodSpec', {
  volumes: keyed(named('Volume'), 'name'),
  initContainers: keyed(container('Container'), 'name'),
  containers: keyed(container('Container'), 'name'),
  ephemeralContainers: keyed(container('EphemeralContainer', { targetContainerName: 'string' }), 'name'),
  restartPolicy: 'string',
  terminationGracePeriodSeconds: 'integer',
  activeDeadlineSeconds: 'integer',
  dnsPolicy: 'string',
  nodeSelector: map('string'),
  serviceAccountName: 'string',
  serviceAccount: 'string',
  automountServiceAccountToken: 'boolean',
  nodeName: 'string',
  hostNetwork: 'flag',
  hostPID: 'flag',
  hostIPC: 'flag',
  shareProcessNamespace: 'boolean',
  securityContext: 'any',
  imagePullSecrets: keyed(named('LocalObjectReference'), 'name'),
  hostname: 'string',
  subdomain: 'string',
  affinity: 'any',
  schedulerName: 'string',
  tolerations: list(toleration),
  hostAliases: keyed(struct('HostAlias', { ip: 'string', hostnames: list('string') }), 'ip'),
  priorityClassName: 'string',
  priority: 'integer',
  dnsConfig: 'any',
  readinessGates: list('any'),
  runtimeClassName: 'string',
  enableServiceLinks: 'boolean',
  preemptionPolicy: 'string',
  overhead: map('any'),
  topologySpreadConstraints: list('any'),
  setHostnameAsFQDN: 'boolean',
  os: 'any',
  hostUsers: 'boolean',
  schedulingGates: keyed(named('PodSchedulingGate'), 'name'),
  resourceClaims: keyed(named('PodResourceClaim'), 'name'),
  resources,
  hostnameOverride: 'string',
  workloadRef: 'any',
});

const condition = struct('Condition', {
  type: 'string',
  observedGeneration: 'integer',
  status: 'string',
  lastProbeTime: 'time',
  lastHeartbeatTime: 'time',
  lastUpdateTime: 'time',
  lastTransitionTime: 'time',
  reason: 'string',
  message: 'string',
});
export const conditions = keyed(condition, 'type');
const address = struct('IP', { ip: 'string' });

export const podStatus: StructSchema = {
  ...struct('PodStatus', {
    observedGeneration: 'integer',
    phase: 'string',
    conditions,
    message: 'string',
    reason: 'string',
    hostIP: 'string',
    hostIPs: list(address),
    podIP: 'string',
    podIPs: keyed(address, 'ip'),
    startTime: 'time',
    containerStatuses: list('any'),
    qosClass: 'string',
  }),
  open: true,
};

export const podSchema = objectSchema('Pod', { spec: podSpec, status: podStatus });
export const podTemplate = struct('PodTemplateSpec', { metadata: objectMeta, spec: podSpec });

const taint = struct('Taint', { key: 'string', value: 'string', effect: 'string', timeAdded: 'time' });
export const nodeSchema = objectSchema('Node', {
  spec: struct('NodeSpec', {
    podCIDR: 'string',
    podCIDRs: setOf('string'),
    providerID: 'string',
    unschedulable: 'flag',
    taints: list(taint),
    configSource: 'any',
    externalID: 'string',
  }),
  status: { ...struct('NodeStatus', { conditions }), open: true },
});

export const namespaceSchema = objectSchema('Namespace', {
  spec: struct('NamespaceSpec', { finalizers: list('string') }),
  status: struct('NamespaceStatus', { phase: 'string', conditions }),
});
