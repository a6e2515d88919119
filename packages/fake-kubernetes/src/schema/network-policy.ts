import { list, struct } from './schema.ts';
import { labelSelector, objectSchema } from './metadata.ts';

const port = struct('NetworkPolicyPort', { protocol: 'string', port: 'integer-or-string', endPort: 'integer' });
const peer = struct('NetworkPolicyPeer', {
  podSelector: labelSelector,
  namespaceSelector: labelSelector,
  ipBlock: struct('IPBlock', { cidr: 'string', except: list('string') }),
});

/** Every list in a NetworkPolicy is owned and replaced as a whole. */
export const networkPolicySchema = objectSchema('NetworkPolicy', {
  spec: struct('NetworkPolicySpec', {
    podSelector: labelSelector,
    ingress: list(struct('NetworkPolicyIngressRule', { ports: list(port), from: list(peer) })),
    egress: list(struct('NetworkPolicyEgressRule', { ports: list(port), to: list(peer) })),
    policyTypes: list('string'),
  }),
});
