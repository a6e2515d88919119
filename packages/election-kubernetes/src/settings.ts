import { strictObject, TalonError, Type, type Static } from '@falco-talon/core';

const seconds = (value: number, description: string) =>
  Type.Number({ default: value, minimum: 0.1, maximum: 3600, description: `Seconds. ${description}` });

export const settings = strictObject({
  // Not `falco-talon`: that is the Lease of the Go engine, which may still run in the same namespace.
  lease_name: Type.String({
    default: 'falco-talon-leader',
    pattern: '^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$',
    description:
      'Name of the Lease, in the namespace Falco Talon runs in. Replicas with the same name choose one of them.',
  }),
  lease_duration_seconds: Type.Integer({
    default: 15,
    minimum: 1,
    maximum: 3600,
    description: 'Seconds. A leader that has not renewed the Lease for so long is replaced.',
  }),
  renew_deadline_seconds: seconds(
    10,
    'A leader that could not renew the Lease for so long does nothing any more. Less than lease_duration_seconds.',
  ),
  retry_period_seconds: seconds(2, 'How often a leader renews the Lease, and the others look at it.'),
  outside_cluster: Type.Boolean({
    default: false,
    description: 'Choose a leader outside a cluster too, with the credentials of the kubeconfig.',
  }),
});

/** In milliseconds. */
export interface Periods {
  readonly duration: number;
  readonly deadline: number;
  readonly retry: number;
}

/** A renewal that takes a little longer must not cost the lead: as in client-go. */
const JITTER = 1.2;

/** @throws TalonError `invalid_config` when they contradict each other */
export function periodsOf(values: Static<typeof settings>): Periods {
  const { lease_duration_seconds: duration, renew_deadline_seconds: deadline, retry_period_seconds: retry } = values;
  if (deadline >= duration)
    throw wrong(
      `renew_deadline_seconds (${deadline}) must be less than lease_duration_seconds (${duration}): a leader has to stop before another one begins`,
    );
  if (deadline <= JITTER * retry)
    throw wrong(
      `retry_period_seconds (${retry}) must be less than renew_deadline_seconds (${deadline}) divided by ${JITTER}: one late renewal must not cost the lead`,
    );
  return { duration: duration * 1000, deadline: deadline * 1000, retry: retry * 1000 };
}

function wrong(text: string): TalonError {
  return new TalonError('invalid_config', `election.kubernetes: ${text}`);
}
