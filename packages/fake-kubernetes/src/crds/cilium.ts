import type { ObjectInput } from '../api-object.ts';
import type { OpenApi } from '../resources/custom/open-api.ts';
import { customResourceDefinition, object, root, TEXT, TEXTS } from './definition.ts';

const list = (items: OpenApi): OpenApi => ({ type: 'array', items });
const BOOLEAN: OpenApi = { type: 'boolean' };

const LABEL_VALUE: OpenApi = {
  type: 'string',
  maxLength: 63,
  pattern: '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$',
};

const endpoints = object({
  matchLabels: { type: 'object', additionalProperties: LABEL_VALUE },
  matchExpressions: list(
    object(
      {
        key: TEXT,
        operator: { type: 'string', enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
        values: TEXTS,
      },
      ['key', 'operator'],
    ),
  ),
});

const entities = list({
  type: 'string',
  enum: [
    'all',
    'world',
    'cluster',
    'host',
    'init',
    'ingress',
    'unmanaged',
    'remote-node',
    'health',
    'none',
    'kube-apiserver',
    'world-ipv4',
    'world-ipv6',
  ],
});

/** Octets and prefixes are looked at; of an IPv6 address only the characters. A range needs no prefix. */
const CIDR: OpenApi = {
  type: 'string',
  pattern:
    '^(((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(/(3[0-2]|[1-2]?[0-9]))?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?)$',
};
const cidrSet = list(object({ cidr: CIDR, except: list(CIDR), cidrGroupRef: TEXT }));

const ports = list(
  object({
    ports: {
      type: 'array',
      maxItems: 40,
      items: object(
        {
          port: { type: 'string', pattern: '^([0-9]{1,5}|[a-zA-Z0-9]-?)*[a-zA-Z0-9]?$' },
          endPort: { type: 'integer' },
          protocol: { type: 'string', enum: ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6', 'ANY'] },
        },
        [],
      ),
    },
  }),
);

const to = {
  toEndpoints: list(endpoints),
  toCIDR: list(CIDR),
  toCIDRSet: cidrSet,
  toEntities: entities,
  toPorts: ports,
};
const from = {
  fromEndpoints: list(endpoints),
  fromCIDR: list(CIDR),
  fromCIDRSet: cidrSet,
  fromEntities: entities,
  toPorts: ports,
};

const rule = object({
  description: TEXT,
  endpointSelector: endpoints,
  nodeSelector: endpoints,
  enableDefaultDeny: object({ egress: BOOLEAN, ingress: BOOLEAN }),
  ingress: list(object(from)),
  ingressDeny: list(object(from)),
  egress: list(object(to)),
  egressDeny: list(object(to)),
});

/** CiliumNetworkPolicies, with a schema: types are checked, what it does not know is dropped with a warning. */
export function ciliumCrds(): readonly ObjectInput[] {
  return [
    customResourceDefinition({
      group: 'cilium.io',
      version: 'v2',
      plural: 'ciliumnetworkpolicies',
      kind: 'CiliumNetworkPolicy',
      shortNames: ['cnp', 'ciliumnp'],
      categories: ['cilium', 'ciliumpolicy'],
      status: true,
      schema: root(
        {
          spec: rule,
          specs: list(rule),
          status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
        ['metadata'],
      ),
    }),
  ];
}
