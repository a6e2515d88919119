import { struct } from './schema.ts';
import { objectSchema } from './metadata.ts';

export const leaseSchema = objectSchema('Lease', {
  spec: struct('LeaseSpec', {
    holderIdentity: 'string',
    leaseDurationSeconds: 'integer',
    acquireTime: 'micro-time',
    renewTime: 'micro-time',
    leaseTransitions: 'integer',
    strategy: 'string',
    preferredHolder: 'string',
  }),
});
