import type { ObjectInput } from '../api-object.ts';
import type { OpenApi } from '../resources/custom/open-api.ts';
import { customResourceDefinition, object, root, TEXT, TEXTS } from './definition.ts';

/** Stored as it comes: nothing is checked, nothing is dropped. */
const UNCHECKED: OpenApi = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const SELECTOR: OpenApi = { type: 'string', maxLength: 1024 };
const NETS: OpenApi = { type: 'array', items: TEXT, maxItems: 256, 'x-kubernetes-list-type': 'set' };
const PORTS: OpenApi = { type: 'array', items: { 'x-kubernetes-int-or-string': true }, maxItems: 50 };

const entity = object({
  nets: NETS,
  notNets: NETS,
  selector: SELECTOR,
  notSelector: SELECTOR,
  namespaceSelector: SELECTOR,
  ports: PORTS,
  notPorts: PORTS,
});

const rule = object(
  {
    action: { type: 'string', enum: ['Allow', 'Deny', 'Log', 'Pass'] },
    protocol: { 'x-kubernetes-int-or-string': true },
    notProtocol: { 'x-kubernetes-int-or-string': true },
    ipVersion: { type: 'integer', enum: [4, 6] },
    source: entity,
    destination: entity,
  },
  ['action'],
);
const rules: OpenApi = { type: 'array', items: rule, maxItems: 1024 };

const policy = root(
  {
    spec: object({
      tier: { ...TEXT, default: 'default' },
      order: { type: 'number' },
      selector: SELECTOR,
      serviceAccountSelector: SELECTOR,
      types: { type: 'array', items: { type: 'string', enum: ['Ingress', 'Egress'] }, maxItems: 2 },
      ingress: rules,
      egress: rules,
      performanceHints: TEXTS,
    }),
  },
  ['metadata', 'spec'],
);

const tier = root({ spec: object({ order: { type: 'number' }, defaultAction: TEXT }) });

export interface CalicoInput {
  /**
   * `crd.projectcalico.org`: version v1, what Calico itself stores, unchecked. `projectcalico.org`: version v3, the public
   * API, with its checks and its further rights on tiers.
   */
  readonly group: 'crd.projectcalico.org' | 'projectcalico.org';
}

/** The kinds of Calico that actions and their specs need, and the tier every cluster has. */
export function calicoCrds({ group }: CalicoInput): readonly ObjectInput[] {
  const v3 = group === 'projectcalico.org';
  const common = { group, version: v3 ? 'v3' : 'v1' };
  const schema = v3 ? policy : UNCHECKED;
  return [
    customResourceDefinition({ ...common, plural: 'networkpolicies', kind: 'NetworkPolicy', schema }),
    customResourceDefinition({
      ...common,
      plural: 'globalnetworkpolicies',
      kind: 'GlobalNetworkPolicy',
      scope: 'Cluster',
      schema,
    }),
    customResourceDefinition({
      ...common,
      plural: 'tiers',
      kind: 'Tier',
      scope: 'Cluster',
      schema: v3 ? tier : UNCHECKED,
    }),
    {
      apiVersion: `${group}/${common.version}`,
      kind: 'Tier',
      metadata: { name: 'default' },
      spec: { order: 1_000_000 },
    },
  ];
}
