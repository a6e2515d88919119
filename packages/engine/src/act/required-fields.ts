import { hasField, TalonError, type Actionner, type FalcoEvent } from '@falco-talon/core';

/** @throws TalonError `missing_field`, naming the Falco setting that adds the fields to its alerts */
export function checkRequiredFields(actionner: Actionner, event: FalcoEvent): void {
  const missing = (actionner.requiredFields ?? [])
    .map((field) => (typeof field === 'string' ? [field] : field))
    .filter((choices) => !choices.some((field) => hasField(event, field)));
  if (missing.length === 0) return;
  const words = missing.map((choices) => choices.join(' or ')).join(', and ');
  const first = missing.map((choices) => choices[0]).join(', ');
  throw new TalonError(
    'missing_field',
    `the alert lacks ${words}; Falco adds fields to every alert with append_output: [{extra_fields: [${first}]}] in falco.yaml`,
  );
}
