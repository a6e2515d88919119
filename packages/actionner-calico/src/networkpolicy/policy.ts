import { isIPv4 } from 'node:net';
import { normalRanges, type KubernetesObject, type LabelSelector } from '@falco-talon/client-kubernetes';
import type { Parameters } from './parameters.ts';
import { selectorText } from './selector.ts';

interface Rule {
  readonly action?: string;
  readonly destination?: { readonly nets?: readonly string[] };
}

/** What is read of a stored policy; in `crd.projectcalico.org/v1` nobody has checked it. */
export interface CalicoPolicy extends KubernetesObject {
  readonly spec?: Readonly<Record<string, unknown>> & { readonly egress?: readonly Rule[] };
}

/** Ranges one rule of the public API may name. */
const NETS_PER_RULE = 256;
/** Names are resolved by pods of any namespace: 5353 is where OpenShift's listen behind the Service's 53. */
const DNS_PORTS = [53, 5353];
/** Where resolvers of the node or the cloud answer: 169.254.20.10 (NodeLocal DNSCache), 169.254.169.253, … */
const LINK_LOCAL = '169.254.0.0/16';

/** Ranges the policy denies, as they stand there. */
export function deniedRanges(policy: CalicoPolicy): readonly string[] {
  const rules = Array.isArray(policy.spec?.egress) ? policy.spec.egress : [];
  return rules.flatMap((rule) => {
    const nets: unknown = rule?.action === 'Deny' ? rule.destination?.nets : undefined;
    return Array.isArray(nets) ? nets.filter((net) => typeof net === 'string') : [];
  });
}

/**
 * Egress of the selected pods: first what is denied, then what stays allowed. A policy that selects a pod makes Calico
 * deny everything else, so what is to keep working is written out.
 */
export function policySpec(selector: LabelSelector, denied: readonly string[], allowed: Parameters) {
  const { allow_cidr: ranges, allow_namespaces: namespaces, order } = allowed;
  return {
    tier: 'default',
    order,
    selector: selectorText(selector),
    types: ['Egress'],
    egress: [
      ...netRules('Deny', denied),
      ...netRules('Allow', normalRanges(ranges)),
      ...podRules(namespaces),
      ...dnsRules(),
    ],
  };
}

/** A rule is about one IP version. */
function netRules(action: 'Allow' | 'Deny', ranges: readonly string[]) {
  const isV4 = (range: string) => isIPv4(range.slice(0, range.indexOf('/')));
  return [ranges.filter(isV4), ranges.filter((range) => !isV4(range))].flatMap((family) =>
    chunks(family).map((nets) => ({ action, destination: { nets } })),
  );
}

function chunks(ranges: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(ranges.length / NETS_PER_RULE);
  return Array.from({ length: count }, (_, i) => ranges.slice(i * NETS_PER_RULE, (i + 1) * NETS_PER_RULE));
}

/** Calico itself puts this label on every namespace, whatever the version of Kubernetes. */
function podRules(namespaces: readonly string[]) {
  const selectors =
    namespaces.length === 0 ? ['all()'] : [...new Set(namespaces)].map((name) => `projectcalico.org/name == '${name}'`);
  return selectors.map((namespaceSelector) => ({ action: 'Allow', destination: { namespaceSelector } }));
}

function dnsRules() {
  return [
    { namespaceSelector: 'all()', ports: DNS_PORTS },
    { nets: [LINK_LOCAL], ports: [53] },
  ].flatMap((destination) => ['UDP', 'TCP'].map((protocol) => ({ action: 'Allow', protocol, destination })));
}
