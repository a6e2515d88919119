import type { Intake } from '@falco-talon/core';
import type { Ingest } from './ingest.ts';

export interface LateIntake {
  readonly intake: Intake;
  /** From now on alerts are taken. */
  readonly open: (ingest: Ingest) => void;
}

/** The queue is opened before the engine can take alerts: until then they are to come later. */
export function lateIntake(): LateIntake {
  let take: Ingest | undefined;
  return {
    async intake(body, headers) {
      const answer = await take?.(body, headers);
      if (answer?.kind === 'accepted') return { kind: 'accepted' };
      const reason = answer?.detail ?? 'Falco Talon is starting';
      return { kind: answer?.status === 400 ? 'malformed' : 'later', reason };
    },
    open(ingest) {
      take = ingest;
    },
  };
}
