import { TalonError, type Subject, type Target, type Verdict } from '@falco-talon/core';

/**
 * What a guard said. Plugins are not held to the types of the contract when they run.
 * @throws TalonError `plugin_failed` when it is no verdict: that counts as a no
 */
export function checkedVerdict(verdict: Verdict): Verdict {
  switch (verdict?.kind) {
    case 'allow': {
      const subject = checkedSubject(verdict.subject);
      return { kind: 'allow', ...(subject && { subject }) };
    }
    case 'observe':
    case 'deny':
      return { kind: verdict.kind, reason: String(verdict.reason) };
    case 'hold':
      if (Number.isFinite(verdict.until)) return { ...verdict, reason: String(verdict.reason) };
  }
  throw new TalonError('plugin_failed', `${JSON.stringify(verdict)} is no verdict`);
}

/** Only what is a target and a name: budgets are counted by them. */
function checkedSubject(subject: Subject | undefined): Subject | undefined {
  if (typeof subject !== 'object' || subject === null) return undefined;
  const { workload, node } = subject;
  return { ...(isTarget(workload) && { workload }), ...(typeof node === 'string' && node !== '' && { node }) };
}

function isTarget(target: unknown): target is Target {
  const { kind, namespace, name } = (target ?? {}) as Partial<Record<keyof Target, unknown>>;
  const optional = namespace === undefined || typeof namespace === 'string';
  return typeof kind === 'string' && typeof name === 'string' && optional;
}
