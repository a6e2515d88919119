import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultRun, Scenario } from './scenario.ts';

/** Characters kept of the beginning and of the end of an error. */
const END = 2_000;
/** Milliseconds a scenario has to end once its signal is aborted, and each clean-up has at all. */
const GRACE = 20_000;

export interface Report {
  readonly lines: readonly string[];
  /** What did not hold, and what was thrown. */
  readonly failures: readonly string[];
}

/**
 * Runs one scenario to its end, cleaned up, whatever it throws. One that expects nothing has shown nothing, and fails; one that
 * does not end at its limit fails and is left behind.
 * @param limit milliseconds
 */
export async function runScenario(
  scenario: Scenario,
  size: FaultRun['size'],
  limit: number,
  grace = GRACE,
): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-fault-'));
  const lines: string[] = [];
  const failures: string[] = [];
  const ends: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
  let expected = 0;
  /** @param most milliseconds it is waited for */
  const guarded = async (what: string, most: number, work: () => unknown) => {
    const over = new AbortController();
    try {
      const late = delay(most, undefined, { signal: over.signal }).then(() => {
        throw new Error(`${what} did not end within ${most / 1000} s`);
      });
      late.catch(() => {});
      await Promise.race([(async () => work())(), late]);
    } catch (error) {
      failures.push(shortened(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    } finally {
      over.abort();
    }
  };
  await guarded('the scenario', limit + grace, () =>
    scenario.run({
      size,
      signal: AbortSignal.timeout(limit),
      directory,
      say: (line) => void lines.push(line),
      expect(what, holds) {
        expected++;
        lines.push(`${holds ? 'holds' : 'FAILS'}: ${what}`);
        if (!holds) failures.push(what);
      },
      cleanUp: (work) => void ends.push(work),
    }),
  );
  if (expected === 0 && failures.length === 0) failures.push('nothing was expected of the program');
  for (const end of ends.toReversed()) await guarded('a clean-up', grace, end);
  return { lines, failures };
}

/** An error may carry a whole log. */
function shortened(text: string): string {
  return text.length <= 2 * END ? text : `${text.slice(0, END)}\n…\n${text.slice(-END)}`;
}
