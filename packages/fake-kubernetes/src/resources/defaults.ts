import { randomBytes } from 'node:crypto';
import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject, textAt } from '../json.ts';
import { setJobDefaults } from './job-defaults.ts';

/** Sets what is missing. */
function fill(target: JsonObject, defaults: JsonObject): void {
  for (const [key, value] of Object.entries(defaults)) {
    if (!Object.hasOwn(target, key)) target[key] = structuredClone(value);
  }
}

export function randomSuffix(): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return [...randomBytes(5)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

/** What the server fills in for containers of every sort. */
export function setContainerDefaults(spec: JsonObject): void {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    const items = spec[list];
    if (!Array.isArray(items)) continue;
    for (const item of items.filter(isObject)) {
      const image = typeof item['image'] === 'string' ? item['image'] : '';
      const floating = image.endsWith(':latest') || !/[:@][^/]*$/.test(image);
      fill(item, {
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: floating ? 'Always' : 'IfNotPresent',
      });
    }
  }
}

function podSpecDefaults(spec: JsonObject): void {
  setContainerDefaults(spec);
  fill(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
}

const TOLERATED = ['not-ready', 'unreachable'].map((what) => ({
  key: `node.kubernetes.io/${what}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

function podDefaults(pod: ApiObject): void {
  const spec = (pod.spec ??= {});
  podSpecDefaults(spec);
  fill(spec, {
    serviceAccountName: 'default',
    serviceAccount: typeof spec['serviceAccountName'] === 'string' ? spec['serviceAccountName'] : 'default',
    tolerations: TOLERATED,
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
  });
  pod.status ??= { phase: 'Pending', qosClass: 'BestEffort' };
}

function networkPolicyDefaults(policy: ApiObject): void {
  const spec = (policy.spec ??= {});
  fill(spec, { podSelector: {} });
  if (Object.hasOwn(spec, 'policyTypes')) return;
  spec['policyTypes'] = Object.hasOwn(spec, 'egress') ? ['Ingress', 'Egress'] : ['Ingress'];
}

function workloadDefaults(workload: ApiObject): void {
  const spec = (workload.spec ??= {});
  const template = at(spec, 'template', 'spec');
  if (isObject(template)) podSpecDefaults(template);
  if (workload.kind !== 'DaemonSet' && workload.kind !== 'Job') fill(spec, { replicas: 1 });
}

/** Names are accepted and the kind is established at once. */
function definitionDefaults(definition: ApiObject): void {
  const spec = (definition.spec ??= {});
  fill(spec, { conversion: { strategy: 'None' } });
  const names = spec['names'];
  const kind = textAt(names, 'kind');
  if (isObject(names)) fill(names, { singular: kind.toLowerCase(), listKind: `${kind}List` });
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    lastTransitionTime: definition.metadata.creationTimestamp,
    reason,
    message,
  });
  const versions = Array.isArray(spec['versions']) ? spec['versions'].filter(isObject) : [];
  definition.status ??= {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: structuredClone(names ?? {}),
    storedVersions: versions.filter((row) => row['storage'] === true).map((row) => textAt(row, 'name')),
  };
}

/** Fills in what the server fills in when an object is created. Changes `object`. */
export function setDefaults(object: ApiObject): void {
  switch (object.kind) {
    case 'Pod':
      return podDefaults(object);
    case 'NetworkPolicy':
      return networkPolicyDefaults(object);
    case 'Namespace':
      object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
      object.spec ??= { finalizers: ['kubernetes'] };
      object.status ??= { phase: 'Active' };
      return undefined;
    case 'CustomResourceDefinition':
      return definitionDefaults(object);
    case 'Deployment':
    case 'ReplicaSet':
    case 'StatefulSet':
    case 'DaemonSet':
      return workloadDefaults(object);
    case 'Job':
      setJobDefaults(object);
      return workloadDefaults(object);
    default:
      return undefined;
  }
}
