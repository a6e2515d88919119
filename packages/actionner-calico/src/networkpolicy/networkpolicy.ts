import { defineActionner, POD_FIELDS, podTarget } from '@falco-talon/core';
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
} from '@falco-talon/client-kubernetes';
import { findCalico, isOurs, namingTiers, ROOM, type CalicoApi } from './api.ts';
import { differences } from './differences.ts';
import { examples } from './examples.ts';
import { parameters, type Parameters } from './parameters.ts';
import { deniedRanges, policySpec } from './policy.ts';
import { unsayable } from './selector.ts';

export const networkpolicy = defineActionner({
  name: 'networkpolicy',
  description: "Keeps the pod's workload from the remote address of the alert, with a NetworkPolicy of Calico.",
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
    permission(
      'projectcalico.org',
      ['networkpolicies', 'tier.networkpolicies'],
      ['get', 'create', 'update'],
      "with Calico's API server",
    ),
    permission('projectcalico.org', ['tiers'], ['get'], "with Calico's API server"),
    permission(
      'crd.projectcalico.org',
      ['networkpolicies'],
      ['get', 'create', 'update'],
      "without Calico's API server",
    ),
    permission('', ['pods'], ['get']),
    permission('', ['pods'], ['patch'], 'pods that are selected alone'),
    ...ownerPermissions('pods of such an owner'),
  ],
  examples,
  differences,

  validate: ({ allow_cidr: ranges }) => rangeIssues(ranges),

  target: ({ event }) => podTarget(event),

  async check({ event, reads, whyProtected, signal }) {
    await planDeny({ event, reads, whyProtected, signal, room: ROOM, unfit: unsayable });
    await findCalico(reads.kubernetes.resources, signal);
    return { facts: {} };
  },

  async preview({ event, parameters, reads, whyProtected, signal }) {
    const plan = await planDeny({ event, reads, whyProtected, signal, room: ROOM, unfit: unsayable });
    const api = await findCalico(reads.kubernetes.resources, signal);
    return namingTiers(previewDeny(plan, calicoPolicy(plan, api, parameters), reads.kubernetes, signal));
  },

  async run({ event, parameters, step, clients, reads, whyProtected, signal }) {
    const plan = await planDeny({ event, reads, whyProtected, signal, room: ROOM, unfit: unsayable });
    const api = await findCalico(clients.kubernetes.resources, signal);
    const policy = calicoPolicy(plan, api, parameters);
    return namingTiers(applyDeny(plan, policy, clients.kubernetes, { step, event }, signal));
  },
});

function calicoPolicy(plan: DenyPlan, api: CalicoApi, allowed: Parameters): DenyPolicy {
  return {
    resource: api.resource,
    kind: 'NetworkPolicy of Calico',
    name: api.nameOf(plan.policy),
    denied: deniedRanges,
    spec: (denied) => policySpec(plan.selector, denied, allowed),
    isOurs,
  };
}
