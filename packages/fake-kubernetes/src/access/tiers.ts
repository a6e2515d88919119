import type { ApiObject } from '../api-object.ts';
import { quote, textAt } from '../json.ts';
import { qualifiedPlural } from '../resources/resource.ts';
import { refuse } from '../server/answer.ts';
import type { ApiRequest, Cluster } from '../server/request.ts';
import { mayDo } from './authorize.ts';

const GROUP = 'projectcalico.org';
const TIERED = ['networkpolicies', 'globalnetworkpolicies'];

/**
 * What Calico's own API server asks beside the ordinary rights: `get` of the policy's tier, and the same verb on
 * `tier.<plural>`, for this policy or, by the name `<tier>.*`, for all of the tier.
 * https://docs.tigera.io/calico/latest/network-policy/policy-tiers/rbac-tiered-policies
 * @throws Refusal 403
 */
export function checkTier(cluster: Cluster, request: ApiRequest, policy: ApiObject): void {
  const { resource, user, verb, namespace, name } = request;
  const { group, plural } = resource;
  if (group !== GROUP || !TIERED.includes(plural)) return;
  const tier = textAt(policy, 'spec', 'tier') || 'default';
  const may = (asked: { verb: string; resource: string; namespace: string; name: string }): boolean =>
    mayDo(cluster.store, user, { group, subresource: '', ...asked });
  const tierSeen = may({ verb: 'get', resource: 'tiers', namespace: '', name: tier });
  const allowed = [name, `${tier}.*`].some((named) =>
    may({ verb, resource: `tier.${plural}`, namespace, name: named }),
  );
  if (tierSeen && allowed) return;
  const where = namespace === '' ? '' : ` and namespace ${quote(namespace)}`;
  const why = `User ${quote(user.name)} cannot ${verb} ${qualifiedPlural(resource)} in tier ${quote(tier)}${where}${tierSeen ? '' : ' (user cannot get tier)'}`;
  const subject = name === '' ? policy.metadata.name : name;
  throw refuse({
    code: 403,
    reason: 'Forbidden',
    message: `${qualifiedPlural(resource)} ${quote(subject)} is forbidden: ${why}`,
    details: { name: subject, group, kind: plural },
  });
}
