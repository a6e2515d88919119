import { hasField, TalonError, type Actionner, type FalcoEvent } from '@falco-talon/core';

/** What the action needs and the alert lacks; of each inner list any one would do. */
export function missingFields(actionner: Actionner, event: FalcoEvent): readonly (readonly string[])[] {
  return (actionner.requiredFields ?? [])
    .map((field) => (typeof field === 'string' ? [field] : field))
    .filter((choices) => !choices.some((field) => hasField(event, field)));
}

/** Names the Falco setting that adds the fields to its alerts. */
export function missingFieldsText(missing: readonly (readonly string[])[]): string {
  const words = missing.map((choices) => choices.join(' or ')).join(', and ');
  const first = missing.map((choices) => choices[0]).join(', ');
  return `the alert lacks ${words}; Falco adds fields to every alert with append_output: [{extra_fields: [${first}]}] in falco.yaml`;
}

/** @throws TalonError `missing_field` */
export function checkRequiredFields(actionner: Actionner, event: FalcoEvent): void {
  const missing = missingFields(actionner, event);
  if (missing.length > 0) throw new TalonError('missing_field', missingFieldsText(missing));
}
