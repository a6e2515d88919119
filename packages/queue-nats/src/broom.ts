import type { Layout } from './layout.ts';
import type { Link } from './link.ts';

/** Milliseconds a record outlives its message: a server that is killed may have the message back, never the record's end. */
const KEPT = 60_000;
const SWEEP = 2_000;
/** Records removed at a time. */
const AT_A_TIME = 2_000;
const AT_ONCE = 32;
/** Remembered; more are left for the next start. */
const MOST = 200_000;

/** Deletes the records of messages that have ended, a while later. */
export interface Broom {
  later(revision: number): void;
  stop(): void;
}

export function createBroom(link: Link, layout: Layout): Broom {
  let line: { readonly revision: number; readonly generation: number; readonly at: number }[] = [];
  let sweeping = false;
  const timer = setInterval(() => void sweep(), SWEEP).unref();

  async function sweep(): Promise<void> {
    if (sweeping) return;
    sweeping = true;
    const until = performance.now() - KEPT;
    const old = line.findIndex(({ at }) => at > until);
    const due = line.slice(0, Math.min(old === -1 ? line.length : old, AT_A_TIME));
    line = line.slice(due.length);
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (let one = due.pop(); one; one = due.pop()) {
        // Of an earlier connection the revision may be another record's. What is left behind is swept later.
        if (one.generation !== link.generation()) continue;
        await link.remove(layout.state, one.revision).catch(() => {});
      }
    });
    await Promise.all(workers);
    sweeping = false;
  }

  return {
    later(revision) {
      if (line.length < MOST) line.push({ revision, generation: link.generation(), at: performance.now() });
    },
    stop: () => clearInterval(timer),
  };
}
