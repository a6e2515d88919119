import type { ErrorCode, OutcomeRecord, Scope, TalonError } from '@falco-talon/core';

/** Milliseconds in which a cause is told once; what comes after the first is told as a number at the end. */
const WINDOW = 10 * 60_000;
/** Causes that are remembered; of those beyond, each event tells. */
const MOST = 1_000;
/** Somebody has to grant or renew something: until then every event meets it. */
const STANDING: ReadonlySet<ErrorCode> = new Set(['forbidden', 'unauthorized']);

/** Told once a cause, not once an event. */
export interface Causes {
  /** Whether these notifiers have been told of it lately. The record is counted for the number they are told at the end. */
  isKnown(error: TalonError | undefined, record: OutcomeRecord, notifiers: readonly string[]): boolean;
  close(): void;
}

interface Cause {
  more: number;
  last: OutcomeRecord;
  readonly timer: NodeJS.Timeout;
}

export function createCauses(
  tell: (record: OutcomeRecord, notifiers: readonly string[]) => Promise<void>,
  { now }: Pick<Scope, 'now'>,
): Causes {
  const causes = new Map<string, Cause>();

  function end(key: string, notifiers: readonly string[]): void {
    const cause = causes.get(key);
    causes.delete(key);
    if (!cause || cause.more === 0) return;
    void tell(summary(cause, now()), notifiers).catch(() => {});
  }

  return {
    isKnown(error, record, notifiers) {
      if (!error || !STANDING.has(error.code) || notifiers.length === 0) return false;
      const key = JSON.stringify([error.code, error.about, record.actionner, notifiers]);
      const cause = causes.get(key);
      if (cause) {
        cause.more++;
        cause.last = record;
        return true;
      }
      if (causes.size < MOST) {
        const timer = setTimeout(end, WINDOW, key, notifiers).unref();
        causes.set(key, { more: 0, last: record, timer });
      }
      return false;
    },
    close() {
      for (const { timer } of causes.values()) clearTimeout(timer);
      causes.clear();
    },
  };
}

/** As the last of them, without what it was about: each was about something else. */
function summary({ more, last }: Cause, time: number): OutcomeRecord {
  const { objects: _, ...record } = last;
  const many = more === 1 ? '1 more action' : `${more} more actions`;
  const error = `${many} of ${last.actionner ?? ''} failed for this reason within ${WINDOW / 60_000} minutes; the last: ${last.error ?? ''}`;
  return { ...record, time: new Date(time).toISOString(), error };
}
