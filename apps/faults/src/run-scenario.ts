import { GRACE, openSurroundings, within } from './harness/index.ts';
import type { FaultRun, Scenario } from './scenario.ts';

/** Characters kept of the beginning and of the end of an error. */
const END = 2_000;

export interface Report {
  readonly lines: readonly string[];
  /** What did not hold, and what was thrown. */
  readonly failures: readonly string[];
  /** What it could not show on this machine. */
  readonly leftOut: readonly string[];
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
  const surroundings = await openSurroundings(limit);
  const lines: string[] = [];
  const failures: string[] = [];
  const leftOut: string[] = [];
  let expected = 0;
  const failed = (error: unknown) =>
    void failures.push(shortened(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  const run: FaultRun = {
    ...surroundings,
    size,
    say: (line) => void lines.push(line),
    expect(what, holds) {
      expected++;
      lines.push(`${holds ? 'holds' : 'FAILS'}: ${what}`);
      if (!holds) failures.push(what);
    },
    leaveOut(what) {
      leftOut.push(what);
      lines.push(`left out: ${what}`);
    },
  };
  await within('the scenario', limit + grace, () => scenario.run(run)).catch(failed);
  if (expected === 0 && failures.length === 0) failures.push('nothing was expected of the program');
  await surroundings.end(failed, grace);
  return { lines, failures, leftOut };
}

/** An error may carry a whole log. */
function shortened(text: string): string {
  return text.length <= 2 * END ? text : `${text.slice(0, END)}\n…\n${text.slice(-END)}`;
}
