import type { ApiObject } from '../api-object.ts';
import { at, isObject } from '../json.ts';
import type { Resource } from '../resources/resource.ts';
import type { FieldError } from '../server/refusals.ts';
import { invalidValue } from '../server/refusals.ts';
import { isCidr } from './names.ts';

/** What Calico's public API checks beyond its schema: ranges are ranges, and a rule is about one IP version. */
export function calicoErrors(resource: Resource, policy: ApiObject): readonly FieldError[] {
  if (resource.group !== 'projectcalico.org' || !resource.kind.endsWith('NetworkPolicy')) return [];
  const errors: FieldError[] = [];
  for (const direction of ['ingress', 'egress']) {
    const rules = at(policy, 'spec', direction);
    (Array.isArray(rules) ? rules : []).forEach((rule, index) => {
      const nets = ['source', 'destination'].flatMap((side) => {
        const listed = isObject(rule) ? at(rule, side, 'nets') : undefined;
        return Array.isArray(listed) ? listed.map(String) : [];
      });
      const field = `spec.${direction}[${index}]`;
      for (const net of nets) if (!isCidr(net)) errors.push(invalidValue(field, net, 'invalid CIDR'));
      if (nets.some((net) => net.includes(':')) && nets.some((net) => !net.includes(':'))) {
        errors.push(invalidValue(field, nets.join(','), 'rule contains both IPv4 and IPv6 CIDRs'));
      }
    });
  }
  return errors;
}
