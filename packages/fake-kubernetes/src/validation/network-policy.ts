import type { ApiObject } from '../api-object.ts';
import type { JsonObject } from '../json.ts';
import { at, isObject } from '../json.ts';
import type { FieldError } from '../server/refusals.ts';
import { invalidValue, notSupported } from '../server/refusals.ts';
import { selectorErrors } from './label-selector.ts';
import { isCidr } from './names.ts';

const CIDR_TEXT = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function peerErrors(peer: JsonObject, path: string): readonly FieldError[] {
  const cidr = at(peer, 'ipBlock', 'cidr');
  const wrong = typeof cidr === 'string' && !isCidr(cidr);
  return [
    ...selectorErrors(peer['podSelector'], `${path}.podSelector`),
    ...selectorErrors(peer['namespaceSelector'], `${path}.namespaceSelector`),
    ...(wrong ? [invalidValue(`${path}.ipBlock.cidr`, cidr, CIDR_TEXT)] : []),
  ];
}

export function networkPolicyErrors(policy: ApiObject): readonly FieldError[] {
  const errors: FieldError[] = [...selectorErrors(at(policy, 'spec', 'podSelector'), 'spec.podSelector')];
  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    objects(at(policy, 'spec', direction)).forEach((rule, ruleIndex) => {
      objects(rule[peers]).forEach((peer, index) => {
        errors.push(...peerErrors(peer, `spec.${direction}[${ruleIndex}].${peers}[${index}]`));
      });
    });
  }
  const types = at(policy, 'spec', 'policyTypes');
  (Array.isArray(types) ? types : []).forEach((type, index) => {
    if (type === 'Ingress' || type === 'Egress') return;
    const shown = typeof type === 'string' ? type : JSON.stringify(type);
    errors.push(notSupported(`spec.policyTypes[${index}]`, shown, ['Egress', 'Ingress']));
  });
  return errors;
}
