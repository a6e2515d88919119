import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultRun, Scenario } from './scenario.ts';

/** Characters kept of the beginning and of the end of an error. */
const END = 2_000;

export interface Report {
  readonly lines: readonly string[];
  /** What did not hold, and what was thrown. */
  readonly failures: readonly string[];
}

/** Runs one scenario to its end, cleaned up, whatever it throws. */
export async function runScenario(scenario: Scenario, size: FaultRun['size'], limit: number): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'falco-talon-fault-'));
  const lines: string[] = [];
  const failures: string[] = [];
  const ends: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
  const guarded = async (work: () => unknown) => {
    try {
      await work();
    } catch (error) {
      failures.push(shortened(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    }
  };
  await guarded(() =>
    scenario.run({
      size,
      signal: AbortSignal.timeout(limit),
      directory,
      say: (line) => void lines.push(line),
      expect(what, holds) {
        lines.push(`${holds ? 'holds' : 'FAILS'}: ${what}`);
        if (!holds) failures.push(what);
      },
      cleanUp: (work) => void ends.push(work),
    }),
  );
  for (const end of ends.toReversed()) await guarded(end);
  return { lines, failures };
}

/** An error may carry a whole log. */
function shortened(text: string): string {
  return text.length <= 2 * END ? text : `${text.slice(0, END)}\n…\n${text.slice(-END)}`;
}
