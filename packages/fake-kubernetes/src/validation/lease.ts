import type { ApiObject } from '../api-object.ts';
import { at } from '../json.ts';
import type { FieldError } from '../server/refusals.ts';
import { invalidValue } from '../server/refusals.ts';

export function leaseErrors(lease: ApiObject): readonly FieldError[] {
  const duration = at(lease, 'spec', 'leaseDurationSeconds');
  const transitions = at(lease, 'spec', 'leaseTransitions');
  return [
    ...(typeof duration === 'number' && duration <= 0
      ? [invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0')]
      : []),
    ...(typeof transitions === 'number' && transitions < 0
      ? [invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]
      : []),
  ];
}
