import { oneOf, strictObject, Type, type Static } from '@falco-talon/core';

export const parameters = strictObject({
  allow_cidr: Type.Array(Type.String(), {
    default: [],
    description: 'Address ranges that may still be reached: 10.0.0.0/8, 2001:db8::/32, or one address.',
  }),
  allow_namespaces: Type.Array(Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' }), {
    default: [],
    description: 'Namespaces whose pods may still be reached.',
  }),
  scope: oneOf(['pod', 'workload'], {
    default: 'pod',
    description: 'What is cut off: the pod alone, or every pod its owner selects, later ones included.',
  }),
});

export type Parameters = Static<typeof parameters>;
