import { defineActionner, POD_FIELDS, podTarget, targetText } from '@falco-talon/core';
import {
  FIELD_MANAGER,
  kubernetes,
  NETWORK_POLICIES,
  noteOfOrigin,
  ownerPermissions,
  patchPodMetadata,
  permission,
  podMark,
  rangeIssues,
  refuseHostNetwork,
} from '@falco-talon/client-kubernetes';
import type { Pod } from '../pod/pod.ts';
import { readPod } from '../pod/read-pod.ts';
import { differences } from './differences.ts';
import { examples } from './examples.ts';
import { openPolicies, openPoliciesText } from './open-policies.ts';
import { parameters } from './parameters.ts';
import { planIsolation, type Isolation } from './plan-isolation.ts';
import { egressPolicy, type Allowed } from './policy.ts';

export const networkpolicy = defineActionner({
  name: 'networkpolicy',
  description: 'Blocks what leaves the pod, or all pods of its workload, with a NetworkPolicy.',
  stability: 'stable',
  sources: ['syscall'],
  continue: true,
  output: 'none',
  parameters,
  uses: { kubernetes },
  requiredFields: POD_FIELDS,
  idempotent: true,
  destructive: true,
  permissions: [
    permission('networking.k8s.io', ['networkpolicies'], ['create', 'list', 'patch']),
    permission('', ['pods'], ['patch'], 'scope: pod, and pods that are selected alone'),
    permission('', ['pods'], ['get'], 'scope: workload; dry runs; to explain why a pod refused the label'),
    ...ownerPermissions('scope: workload'),
  ],
  examples,
  differences,

  validate: ({ allow_cidr: ranges }) => rangeIssues(ranges),

  target: ({ event }) => podTarget(event),

  // Before anything is changed: a policy of somebody else under our name.
  async check(context) {
    await planIsolation(context);
    return { facts: {} };
  },

  async preview(context) {
    const plan = await planIsolation(context);
    const pod = plan.pod ?? (await readPod(context.reads.kubernetes, podTarget(context.event), context.signal));
    return `would ${plan.exists ? 'renew' : 'create'} the NetworkPolicy ${plan.policy}: ${effectText(plan, pod, context.parameters)}`;
  },

  async run(context) {
    const { event, parameters, step, clients, signal } = context;
    const plan = await planIsolation(context);
    const { target } = plan;
    const pod =
      plan.workload !== undefined && plan.pod !== undefined
        ? plan.pod
        : await patchPodMetadata(clients.kubernetes, target, { labels: podMark(target) }, signal);
    const effect = effectText(plan, pod, parameters);
    await clients.kubernetes.apply(
      NETWORK_POLICIES,
      { namespace: target.namespace, name: plan.policy },
      egressPolicy(plan.policy, target.namespace, plan.selector, parameters, noteOfOrigin(step, event)),
      // Ours may be taken back from whoever edited it; one that appeared since the look may not.
      { signal, fieldManager: FIELD_MANAGER, force: plan.exists },
    );
    return {
      status: 'success',
      message: `${plan.exists ? 'renewed' : 'created'} the NetworkPolicy ${plan.policy}: ${effect}`,
      objects: { pod: target.name, namespace: target.namespace, networkpolicy: plan.policy },
    };
  },
});

/** @throws TalonError `unsupported` when a policy would have no effect */
function effectText(plan: Isolation, pod: Pod, allowed: Allowed): string {
  refuseHostNetwork(pod, plan.target);
  const what = plan.workload === undefined ? targetText(plan.target) : `${plan.workload} of ${targetText(plan.target)}`;
  const exceptions = [...allowed.allow_cidr, ...allowed.allow_namespaces.map((name) => `namespace ${name}`)];
  const egress = exceptions.length === 0 ? 'all egress' : `egress except to ${exceptions.join(', ')}`;
  const open = openPolicies(plan.policies, pod.metadata.labels ?? {}, plan.policy);
  return `blocks ${egress} of ${what}${plan.remark}${openPoliciesText(open)}`;
}
