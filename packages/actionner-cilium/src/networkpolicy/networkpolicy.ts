import { defineActionner, isTalonError, POD_FIELDS, podTarget, TalonError } from '@falco-talon/core';
import {
  applyDeny,
  kubernetes,
  ownerPermissions,
  permission,
  planDeny,
  previewDeny,
  rangeIssues,
  type DenyPlan,
  type DenyPolicy,
  type Discovery,
  type KubernetesReads,
  type Resource,
} from '@falco-talon/client-kubernetes';
import { differences } from './differences.ts';
import { examples } from './examples.ts';
import { droppedLabel } from './identity-labels.ts';
import { refuseInCluster } from './in-cluster.ts';
import { parameters, type Parameters } from './parameters.ts';
import { deniedRanges, policySpec } from './policy.ts';

export const networkpolicy = defineActionner({
  name: 'networkpolicy',
  description: "Keeps the pod's workload from the remote address of the alert, with a CiliumNetworkPolicy.",
  stability: 'stable',
  sources: ['syscall'],
  continue: true,
  output: 'none',
  parameters,
  uses: { kubernetes },
  requiredFields: [['fd.rip', 'fd.sip'], ...POD_FIELDS],
  idempotent: true,
  destructive: true,
  permissions: [
    permission('cilium.io', ['ciliumnetworkpolicies'], ['get', 'create']),
    permission('cilium.io', ['ciliumnetworkpolicies'], ['update'], 'further addresses'),
    permission('', ['pods'], ['get']),
    permission('', ['pods', 'services'], ['list'], 'in all namespaces, for addresses that may be in the cluster'),
    permission('', ['pods'], ['patch'], 'pods that are selected alone'),
    ...ownerPermissions('pods of such an owner'),
  ],
  examples,
  differences,

  validate: ({ allow_cidr: ranges }) => rangeIssues(ranges),

  target: ({ event }) => podTarget(event),

  async check({ event, reads, whyProtected, signal }) {
    await planDeny({ event, reads, whyProtected, signal, unfit: droppedLabel });
    await findCilium(reads.kubernetes.resources, signal);
    return { facts: {} };
  },

  async preview({ event, parameters, reads, whyProtected, signal }) {
    const plan = await planDeny({ event, reads, whyProtected, signal, unfit: droppedLabel });
    const resource = await findCilium(reads.kubernetes.resources, signal);
    return previewDeny(plan, ciliumPolicy(plan, resource, parameters, reads.kubernetes), reads.kubernetes, signal);
  },

  async run({ event, parameters, step, clients, reads, whyProtected, signal }) {
    const plan = await planDeny({ event, reads, whyProtected, signal, unfit: droppedLabel });
    const resource = await findCilium(clients.kubernetes.resources, signal);
    const policy = ciliumPolicy(plan, resource, parameters, reads.kubernetes);
    return applyDeny(plan, policy, clients.kubernetes, { step, event }, signal);
  },
});

function ciliumPolicy(
  plan: DenyPlan,
  resource: Resource,
  allowed: Parameters,
  reads: Pick<KubernetesReads, 'list'>,
): DenyPolicy {
  return {
    resource,
    kind: 'CiliumNetworkPolicy',
    name: plan.policy,
    denied: deniedRanges,
    spec: (denied) => policySpec(plan.selector, denied, allowed),
    refuse: (signal) => refuseInCluster(plan, reads, signal),
  };
}

/** @throws TalonError `unsupported` when Cilium is not installed */
async function findCilium(resources: Discovery, signal: AbortSignal): Promise<Resource> {
  try {
    const [found] = await resources.find('ciliumnetworkpolicies', { group: 'cilium.io', signal });
    if (found !== undefined) return found;
  } catch (error) {
    if (!isTalonError(error) || error.code !== 'unsupported') throw error;
  }
  throw new TalonError(
    'unsupported',
    'Cilium is not installed: the cluster does not serve ciliumnetworkpolicies of cilium.io/v2',
  );
}
