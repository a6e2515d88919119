import { expect, it } from 'vitest';
import { runScenario } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';

/** Spec files over which the scenarios are dealt out, so that they run side by side. */
const PARTS = 4;
/** Milliseconds one may take, on a machine that is busy with something else; it takes seconds. */
const LIMIT = 240_000;
/** A scenario that ends at its limit is told so by its own report, not by the runner. */
const BEYOND = 60_000;

/** The short versions of this part's scenarios; `part` counts from 1. */
export function runShort(part: number): void {
  const mine = SCENARIOS.filter((_, n) => n % PARTS === part - 1);
  // Most of what a scenario does is waiting for what it has done to the program.
  it.concurrent.for(mine)('$name: $title', { timeout: LIMIT + BEYOND }, async (scenario, { skip }) => {
    const missing = scenario.missing?.();
    skip(missing !== undefined, `left out: ${missing}`);
    const { lines, failures, leftOut } = await runScenario(scenario, 'short', LIMIT);
    expect(failures, lines.join('\n')).toEqual([]);
    skip(leftOut.length > 0, `left out in part: ${leftOut.join('; ')}`);
  });
}
